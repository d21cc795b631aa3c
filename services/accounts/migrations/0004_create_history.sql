-- migrate:up
-- Every security-relevant act, chained by hash in each account; the service can add, and nothing else.
CREATE TABLE history (
    account_id uuid NOT NULL REFERENCES accounts (id),
    sequence bigint NOT NULL CHECK (sequence > 0),
    at timestamptz NOT NULL,
    kind text NOT NULL,
    salt bytea,
    content text CHECK ((content IS NULL) = (salt IS NULL)),
    content_hash bytea NOT NULL,
    previous_hash bytea NOT NULL,
    entry_hash bytea NOT NULL UNIQUE,
    PRIMARY KEY (account_id, sequence)
);
GRANT SELECT, INSERT ON history TO accounts;
-- migrate:down
