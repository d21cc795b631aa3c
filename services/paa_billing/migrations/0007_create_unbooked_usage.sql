-- migrate:up
-- Uses of an account that isn't known (yet): tried again when it becomes known, and hourly until `give_up_at`.
CREATE TABLE waiting_usage (
    court_id text NOT NULL,
    usage_id text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    account_number text NOT NULL,
    batch_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    record bytea NOT NULL,
    received_at timestamptz NOT NULL,
    give_up_at timestamptz NOT NULL,
    PRIMARY KEY (court_id, usage_id)
);
CREATE INDEX waiting_usage_by_number ON waiting_usage (account_number);
CREATE INDEX waiting_usage_by_end ON waiting_usage (give_up_at);

-- Records that were not booked, with their bytes, the field to blame and the reason; the same bytes once a court.
CREATE TABLE quarantined_usage (
    id uuid PRIMARY KEY,
    court_id text NOT NULL,
    batch_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    usage_id text,
    field text NOT NULL,
    reason text NOT NULL,
    record bytea NOT NULL,
    record_sha256 bytea NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'released', 'rejected')),
    UNIQUE (court_id, record_sha256)
);
CREATE INDEX quarantined_usage_held ON quarantined_usage (received_at) WHERE state = 'held';

GRANT SELECT, INSERT, DELETE ON waiting_usage TO paa_billing;
-- To lock a row one must be allowed to change something of it.
GRANT UPDATE (give_up_at) ON waiting_usage TO paa_billing;
GRANT SELECT, INSERT ON quarantined_usage TO paa_billing;
GRANT UPDATE (state) ON quarantined_usage TO paa_billing;
-- migrate:down
