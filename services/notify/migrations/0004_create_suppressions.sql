-- migrate:up
-- Addresses that get no mail for a while. Only a digest is kept: SHA-256 of the address in lower case.
CREATE TABLE suppressions (
    address_digest bytea PRIMARY KEY CHECK (length(address_digest) = 32),
    reason text NOT NULL,
    suppressed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT ON suppressions TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
-- migrate:down
