-- migrate:up
-- One-time tokens that are mailed for more than a first proof of an address, by their hash. `email` is the
-- address that a token is about: where it was sent, or, of a change, the new one, and of its undoing the old.
CREATE TABLE one_time_tokens (
    token_hash bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id),
    purpose text NOT NULL
        CHECK (purpose IN ('unlock', 'recovery', 'email_change', 'email_undo', 'factor_reset_stop')),
    email text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    closed_at timestamptz
);
-- Of changes made soon after each other each can be undone.
CREATE UNIQUE INDEX one_open_token_of_a_purpose ON one_time_tokens (account_id, purpose)
    WHERE closed_at IS NULL AND purpose <> 'email_undo';
CREATE INDEX one_time_tokens_open ON one_time_tokens (account_id) WHERE closed_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON one_time_tokens TO accounts;
-- migrate:down
