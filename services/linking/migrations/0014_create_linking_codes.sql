-- migrate:up
-- What court staff give out in place of a CM/ECF password. `code_digest` is a keyed digest of court and code.
-- `used_at` is when it made a proof, `died_at` when another code or a link made it worthless.
CREATE TABLE linking_codes (
    id uuid PRIMARY KEY,
    court_id text NOT NULL,
    filing_account_id uuid NOT NULL,
    code_digest bytea NOT NULL CHECK (length(code_digest) = 32),
    way text NOT NULL CHECK (way IN ('mailed', 'in_person')),
    issued_by_account_id uuid NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by_account_id uuid,
    died_at timestamptz,
    FOREIGN KEY (filing_account_id, court_id) REFERENCES filing_accounts (id, court_id),
    UNIQUE (court_id, code_digest),
    CHECK (expires_at > issued_at),
    CHECK ((used_at IS NULL) = (used_by_account_id IS NULL)),
    CHECK (used_at IS NULL OR died_at IS NULL)
);
CREATE UNIQUE INDEX one_open_code_for_a_filing_account ON linking_codes (filing_account_id)
    WHERE used_at IS NULL AND died_at IS NULL;
CREATE INDEX linking_codes_of_an_account ON linking_codes (used_by_account_id);

GRANT SELECT, INSERT ON linking_codes TO linking;
GRANT UPDATE (used_at, used_by_account_id, died_at) ON linking_codes TO linking;
-- migrate:down
