-- migrate:up
-- Backup codes that were not used yet, by a keyed hash; one that is used is deleted, as all are when new ones
-- are made.
CREATE TABLE backup_codes (
    account_id uuid NOT NULL REFERENCES accounts (id),
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    made_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, code_hash)
);
GRANT SELECT, INSERT, DELETE ON backup_codes TO accounts;
-- migrate:down
