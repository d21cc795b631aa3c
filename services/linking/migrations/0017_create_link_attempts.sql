-- migrate:up
-- How attempts to link ended, for who is asked why somebody can't. Attempts of one account at one login with one
-- outcome are one row. A login may be a password typed into the wrong field, so it is a keyed digest.
CREATE TABLE link_attempts (
    court_id text NOT NULL REFERENCES courts (id),
    login_digest bytea NOT NULL CHECK (length(login_digest) = 32),
    account_id uuid NOT NULL,
    outcome text NOT NULL CHECK (length(outcome) BETWEEN 1 AND 100),
    attempt_count integer NOT NULL CHECK (attempt_count > 0),
    last_at timestamptz NOT NULL,
    PRIMARY KEY (court_id, login_digest, account_id, outcome)
);
CREATE INDEX link_attempts_of_an_account ON link_attempts (account_id);
CREATE INDEX link_attempts_by_age ON link_attempts (last_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON link_attempts TO linking;
-- migrate:down
