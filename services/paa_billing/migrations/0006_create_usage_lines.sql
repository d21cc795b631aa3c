-- migrate:up
-- The ids of booked uses, for ever: uniqueness can't live in a partitioned table. `billed_quarter` says where
-- the line is, `digest` is the SHA-256 of what was reported.
CREATE TABLE usage_ids (
    court_id text NOT NULL,
    usage_id text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    billed_quarter text NOT NULL,
    PRIMARY KEY (court_id, usage_id)
);

-- Priced uses, partitioned by the quarter they are billed in: that is how a close reads them, and a use that is
-- reported years late needs no partition of its time.
CREATE TABLE usage_lines (
    id uuid NOT NULL,
    court_id text NOT NULL,
    usage_id text NOT NULL,
    account_id uuid NOT NULL,
    payer_id uuid NOT NULL,
    paa_id uuid,
    used_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    kind text NOT NULL,
    page_count bigint CHECK (page_count >= 0),
    byte_count bigint CHECK (byte_count >= 0),
    record_count bigint CHECK (record_count >= 0),
    description text NOT NULL,
    case_number text NOT NULL,
    client_code text NOT NULL CHECK (length(client_code) <= 32),
    schedule_effective_on date NOT NULL,
    gross_cents bigint NOT NULL CHECK (gross_cents >= 0),
    exempt_cents bigint NOT NULL CHECK (exempt_cents BETWEEN 0 AND gross_cents),
    exemption_id uuid,
    reasons text[] NOT NULL,
    used_quarter text NOT NULL CHECK (used_quarter ~ '^[0-9]{4}-Q[1-4]$'),
    billed_quarter text NOT NULL CHECK (billed_quarter ~ '^[0-9]{4}-Q[1-4]$'),
    PRIMARY KEY (billed_quarter, id),
    CHECK (payer_id = coalesce(paa_id, account_id)),
    CHECK (exempt_cents = 0 OR exemption_id IS NOT NULL),
    CHECK (used_quarter <= billed_quarter)
) PARTITION BY LIST (billed_quarter);
CREATE INDEX usage_lines_by_account ON usage_lines (account_id, used_at, id);
CREATE INDEX usage_lines_by_payer ON usage_lines (payer_id, used_at, id);

-- A quarter's partition is made two quarters ahead. Labels are of the business calendar: the day added at each
-- edge covers every zone.
CREATE OR REPLACE FUNCTION ensure_service_partitions(since timestamptz, until timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_catalog, pg_temp SET timezone = 'UTC'
    SET lock_timeout = '2s'
    AS $$
DECLARE
    edge timestamptz := date_trunc('quarter', since - interval '1 day');
    quarter_name text;
    partition_name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_service_partitions'));
    WHILE edge <= until + interval '1 day' + interval '6 months' LOOP
        quarter_name := to_char(edge, 'YYYY"-Q"Q');
        partition_name := 'usage_lines_' || to_char(edge, 'YYYY"q"Q');
        IF to_regclass(partition_name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE usage_lines INCLUDING ALL)', partition_name);
            EXECUTE format('ALTER TABLE usage_lines ATTACH PARTITION %I FOR VALUES IN (%L)',
                           partition_name, quarter_name);
        END IF;
        edge := edge + interval '3 months';
    END LOOP;
END $$;

GRANT SELECT, INSERT ON usage_ids, usage_lines TO paa_billing;
-- A use may be reported minutes ahead of the clock: who joins or leaves before its instant changes its payer.
GRANT UPDATE (payer_id, paa_id) ON usage_lines TO paa_billing;
-- migrate:down
