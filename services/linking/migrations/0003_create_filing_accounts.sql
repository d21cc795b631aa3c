-- migrate:up
-- The logins of a court's CM/ECF, as the court's roster gives them; logins are compared as written.
-- `verifier` is always argon2id; `verifier_scheme` is what the password goes through before it.
-- `roster_digest` is a keyed digest of the verifier as it came, to see whether a roster changes it.
CREATE TABLE filing_accounts (
    id uuid PRIMARY KEY,
    court_id text NOT NULL REFERENCES courts (id),
    login text NOT NULL CHECK (length(login) BETWEEN 1 AND 64),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    role text NOT NULL CHECK (role IN ('attorney', 'trustee', 'us_trustee', 'filing_agent', 'creditor', 'party',
                                       'transcriber')),
    verifier_scheme text NOT NULL CHECK (verifier_scheme IN ('plain', 'sha256', 'sha1', 'md5')),
    verifier text NOT NULL CHECK (verifier LIKE '$argon2id$%' AND length(verifier) <= 300),
    roster_digest bytea NOT NULL CHECK (length(roster_digest) = 32),
    loaded_at timestamptz NOT NULL,
    login_ended_at timestamptz,
    UNIQUE (court_id, login),
    UNIQUE (id, court_id)
);

GRANT SELECT, INSERT, UPDATE ON filing_accounts TO linking;
-- migrate:down
