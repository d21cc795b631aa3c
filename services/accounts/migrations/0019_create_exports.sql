-- migrate:up
-- Exports of what is kept about an account: of each account one under way. `secret` opens the file, and rests
-- encrypted, as in the parts; once an export is over nothing can be opened, and its objects are swept.
CREATE TABLE exports (
    export_id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id),
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > asked_at),
    state text NOT NULL CHECK (state IN ('gathering', 'ready', 'over')),
    asked_by uuid NOT NULL,
    correlation_id uuid NOT NULL,
    key text CHECK ((key IS NOT NULL) = (state = 'ready')),
    sha256 text CHECK ((sha256 IS NOT NULL) = (state = 'ready')),
    size_bytes bigint CHECK ((size_bytes IS NOT NULL) = (state = 'ready')),
    secret bytea CHECK ((secret IS NOT NULL) = (state = 'ready')),
    leased_until timestamptz,
    is_swept boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX one_export_under_way ON exports (account_id) WHERE state = 'gathering';
CREATE INDEX exports_by_account ON exports (account_id) WHERE state <> 'over';
CREATE INDEX exports_to_sweep ON exports (asked_at) WHERE state = 'over' AND NOT is_swept;
GRANT SELECT, INSERT ON exports TO accounts;
GRANT UPDATE (state, key, sha256, size_bytes, secret, leased_until, is_swept) ON exports TO accounts;

CREATE TABLE export_parts (
    export_id uuid NOT NULL REFERENCES exports (export_id),
    service text NOT NULL,
    key text NOT NULL,
    secret bytea NOT NULL,
    PRIMARY KEY (export_id, service)
);
GRANT SELECT, INSERT, DELETE ON export_parts TO accounts;
-- migrate:down
