-- migrate:up
-- Tokens that people make for their own programs, by their SHA-256. `level` is how well its holder had proved who
-- they are when it was made.
CREATE TABLE personal_tokens (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES accounts (id),
    name text NOT NULL,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    level smallint NOT NULL CHECK (level IN (1, 2)),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    last_used_at timestamptz,
    ended_at timestamptz,
    ended_by text CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE INDEX personal_tokens_by_account ON personal_tokens (account_id);
GRANT SELECT, INSERT, DELETE ON personal_tokens TO accounts;
GRANT UPDATE (last_used_at, ended_at, ended_by) ON personal_tokens TO accounts;
-- migrate:down
