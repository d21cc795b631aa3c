-- migrate:up
-- Sessions, by the SHA-256 of their token.
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id),
    level smallint NOT NULL CHECK (level IN (1, 2)),
    proved_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    is_restricted boolean NOT NULL,
    network text NOT NULL,
    ended_at timestamptz,
    ended_by text CHECK ((ended_by IS NULL) = (ended_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX sessions_open ON sessions (account_id) WHERE ended_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON sessions TO accounts;

-- Networks from which an account has signed in.
CREATE TABLE known_networks (
    account_id uuid NOT NULL REFERENCES accounts (id),
    network text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, network)
);
GRANT SELECT, INSERT ON known_networks TO accounts;

-- What an account may do beyond its own affairs, from when to when; without `granted_by`: the first PSC.
CREATE TABLE role_grants (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id),
    role text NOT NULL CHECK (role IN ('court_staff', 'psc', 'operator')),
    court_id text CHECK (court_id IS NULL OR role = 'court_staff'),
    granted_by uuid REFERENCES accounts (id),
    granted_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE UNIQUE INDEX one_grant_in_force ON role_grants (account_id, role, (coalesce(court_id, '')))
    WHERE ended_at IS NULL;
CREATE UNIQUE INDEX one_first_grant ON role_grants ((granted_by IS NULL)) WHERE granted_by IS NULL;
GRANT SELECT, INSERT, UPDATE ON role_grants TO accounts;
-- migrate:down
