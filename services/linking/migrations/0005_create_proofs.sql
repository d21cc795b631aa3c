-- migrate:up
-- That a session showed the right password of a filing account: good once, for a short time.
-- `used_at` is when it made a link, `died_at` when another link or a new password made it worthless.
CREATE TABLE proofs (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    session_id_hash text NOT NULL,
    filing_account_id uuid NOT NULL REFERENCES filing_accounts (id),
    proved_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    died_at timestamptz,
    CHECK (expires_at > proved_at),
    CHECK (used_at IS NULL OR died_at IS NULL)
);
CREATE INDEX proofs_of_a_filing_account ON proofs (filing_account_id);
CREATE INDEX proofs_of_an_account ON proofs (account_id);
CREATE INDEX proofs_by_expiry ON proofs (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON proofs TO linking;

-- Attempts that were not shown to be right, counted before the password is looked at. A login may be a
-- password typed into the wrong field, so subjects are keyed digests.
CREATE TABLE throttles (
    scope text NOT NULL CHECK (scope IN ('account', 'login', 'court')),
    subject bytea NOT NULL CHECK (length(subject) = 32),
    window_started_at timestamptz NOT NULL,
    failure_count integer NOT NULL CHECK (failure_count >= 0),
    PRIMARY KEY (scope, subject)
);
CREATE INDEX throttles_by_window ON throttles (window_started_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON throttles TO linking;
-- migrate:down
