-- migrate:up
-- What became of each batch that a court's machine reported over HTTP, for it to ask. What is booked isn't kept: it
-- is what is left of the records without the duplicates, those in quarantine and those that still wait.
-- `other_content_at`: another batch came under the same id, and was set aside.
CREATE TABLE reported_batches (
    court_id text NOT NULL,
    batch_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('settled', 'parked')),
    since timestamptz NOT NULL,
    record_count integer NOT NULL CHECK (record_count >= 0),
    duplicate_count integer NOT NULL CHECK (duplicate_count BETWEEN 0 AND record_count),
    quarantined jsonb NOT NULL CHECK (jsonb_typeof(quarantined) = 'array'),
    reason text NOT NULL CHECK ((reason = '') = (state = 'settled')),
    other_content_at timestamptz,
    PRIMARY KEY (court_id, batch_id)
);
GRANT SELECT, INSERT, UPDATE ON reported_batches TO paa_billing;
-- migrate:down
