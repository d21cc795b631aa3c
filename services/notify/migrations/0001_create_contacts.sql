-- migrate:up
-- Who can be written to: name and verified address, as accounts announced them. An erased account keeps its
-- row without them, so that a late event about it is no longer waited for.
CREATE TABLE contacts (
    account_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    email text,
    erased_at timestamptz,
    CHECK (erased_at IS NULL OR (email IS NULL AND name = ''))
);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON contacts TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
-- migrate:down
