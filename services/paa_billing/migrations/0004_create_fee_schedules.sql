-- migrate:up
-- A fee schedule never changes: the service may add one and read them.
CREATE TABLE fee_schedules (
    effective_on date PRIMARY KEY,
    page_cents bigint NOT NULL CHECK (page_cents >= 0),
    document_cap_pages integer NOT NULL CHECK (document_cap_pages > 0),
    audio_file_cents bigint CHECK (audio_file_cents >= 0),
    waiver_cents bigint NOT NULL CHECK (waiver_cents >= 0),
    waiver_period text NOT NULL CHECK (waiver_period IN ('quarter', 'year')),
    note text NOT NULL
);

-- A person's freedom from charges, at one court or (no court) all; from `starts_at` on, without `ends_at`.
CREATE TABLE exemptions (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    court_id text CHECK (court_id ~ '^[a-z0-9]{2,8}$'),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz CHECK (ends_at >= starts_at),
    must_be_claimed boolean NOT NULL,
    reason text NOT NULL
);
CREATE INDEX exemptions_by_account ON exemptions (account_id);

GRANT SELECT, INSERT ON fee_schedules, exemptions TO paa_billing;
GRANT UPDATE (ends_at) ON exemptions TO paa_billing;
-- migrate:down
