-- migrate:up
-- What courts' machines show of themselves, by the SHA-256 of it. Several of a court may be in force, so that one
-- takes another's place without a gap. Without `issued_by` and `ended_by`: the operator.
CREATE TABLE court_credentials (
    id uuid PRIMARY KEY,
    court_id text NOT NULL,
    name text NOT NULL,
    secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    issued_at timestamptz NOT NULL,
    issued_by uuid REFERENCES accounts (id),
    ends_at timestamptz CHECK (ends_at > issued_at),
    ended_at timestamptz,
    ended_by uuid REFERENCES accounts (id) CHECK (ended_by IS NULL OR ended_at IS NOT NULL),
    last_used_at timestamptz
);
CREATE INDEX court_credentials_of_a_court ON court_credentials (court_id, id);
GRANT SELECT, INSERT ON court_credentials TO accounts;
GRANT UPDATE (ended_at, ended_by, last_used_at) ON court_credentials TO accounts;
-- migrate:down
