-- migrate:up
-- What every service needs to handle each message once and to announce each event at least once.

-- Ids of messages already handled, with the outcome for who asks again. Partitioned by the time in the id.
CREATE TABLE inbox (
    queue text NOT NULL,
    message_id uuid NOT NULL,
    type text NOT NULL,
    sender text NOT NULL,
    digest bytea NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    handled_at timestamptz NOT NULL,
    reply_type text,
    reply bytea,
    PRIMARY KEY (queue, message_id)
) PARTITION BY RANGE (message_id);

-- Committed messages that the broker has not confirmed yet.
CREATE TABLE outbox (
    message_id uuid PRIMARY KEY,
    type text NOT NULL,
    exchange text NOT NULL,
    routing_key text NOT NULL,
    body bytea NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    traceparent text,
    emitted_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    not_before timestamptz,
    last_problem text
);

-- Messages that the broker confirmed: for tracing and replay, 30 days.
CREATE TABLE announced (
    message_id uuid NOT NULL,
    type text NOT NULL,
    exchange text NOT NULL,
    routing_key text NOT NULL,
    body bytea NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    traceparent text,
    emitted_at timestamptz NOT NULL,
    announced_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, emitted_at)
) PARTITION BY RANGE (emitted_at);
CREATE INDEX announced_by_correlation ON announced (correlation_id);

-- Messages given up on, with the reason; a redrive puts one back on its way, on purpose.
CREATE TABLE parked_messages (
    id uuid PRIMARY KEY,
    queue text NOT NULL,
    message_id uuid,
    type text,
    sender text,
    correlation_id uuid,
    headers text NOT NULL,
    body bytea,
    reason text NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamptz NOT NULL,
    settled_at timestamptz,
    UNIQUE (queue, message_id, reason)
);

-- Something to do at a time, once for each occasion.
CREATE TABLE due_work (
    kind text NOT NULL,
    subject text NOT NULL,
    occasion text NOT NULL,
    due_at timestamptz NOT NULL,
    body bytea NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid NOT NULL,
    PRIMARY KEY (kind, subject, occasion)
);
CREATE INDEX due_work_by_time ON due_work (due_at);

-- The only DDL that a service may cause: partitions, by functions that run with the owner's rights.
CREATE FUNCTION first_id_of(instant timestamptz) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog
    AS $$ SELECT rpad(lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0'), 32, '0')::uuid $$;

CREATE FUNCTION ensure_messaging_partitions(since timestamptz, until timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s'
    AS $$
DECLARE
    edge timestamptz := date_trunc('month', since);
    partition_name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_messaging_partitions'));
    WHILE edge <= until LOOP
        partition_name := 'inbox_' || to_char(edge, 'YYYYMM');
        IF to_regclass(partition_name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE inbox INCLUDING ALL)', partition_name);
            EXECUTE format('ALTER TABLE inbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                           partition_name, first_id_of(edge), first_id_of(edge + interval '1 month'));
        END IF;
        edge := edge + interval '1 month';
    END LOOP;
    edge := date_trunc('day', since);
    WHILE edge <= least(until, since + interval '35 days') LOOP
        partition_name := 'announced_' || to_char(edge, 'YYYYMMDD');
        IF to_regclass(partition_name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE announced INCLUDING ALL)', partition_name);
            EXECUTE format('ALTER TABLE announced ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                           partition_name, edge, edge + interval '1 day');
        END IF;
        edge := edge + interval '1 day';
    END LOOP;
END $$;

-- A service that partitions tables of its own replaces this one.
CREATE FUNCTION ensure_service_partitions(since timestamptz, until timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_catalog, pg_temp
    AS $$ SELECT NULL::void $$;

CREATE FUNCTION ensure_partitions(since timestamptz, until timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_catalog, pg_temp
    AS $$ SELECT ensure_messaging_partitions(since, until); SELECT ensure_service_partitions(since, until) $$;

-- Each service's role is named as its owner's, without `_owner`.
DO $$
DECLARE
    service text := regexp_replace(current_user, '_owner$', '');
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON inbox, outbox, announced, parked_messages, due_work TO %I', service);
    EXECUTE format('REVOKE ALL ON FUNCTION ensure_partitions, ensure_messaging_partitions, ensure_service_partitions FROM public');
    EXECUTE format('GRANT EXECUTE ON FUNCTION ensure_partitions TO %I', service);
END $$;
-- migrate:down
