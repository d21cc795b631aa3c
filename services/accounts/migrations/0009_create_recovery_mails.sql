-- migrate:up
-- When somebody was last mailed about getting back in, so that nobody's mailbox is flooded by asking often.
CREATE TABLE recovery_mails (
    account_id uuid NOT NULL REFERENCES accounts (id),
    kind text NOT NULL CHECK (kind IN ('recovery', 'user_name')),
    mailed_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_mails TO accounts;
-- migrate:down
