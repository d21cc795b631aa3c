-- migrate:up
-- Parts of exports that this service is to make of what it keeps about an account.
CREATE TABLE asked_export_parts (
    export_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    asked_by uuid NOT NULL,
    correlation_id uuid NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    leased_until timestamptz
);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON asked_export_parts TO %I',
                   regexp_replace(current_user, '_owner$', ''));
END $$;
-- migrate:down
