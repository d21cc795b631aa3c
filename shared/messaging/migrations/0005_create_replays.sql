-- migrate:up
-- Steps in which operators sent announced events to this service again. It only grows.
CREATE TABLE replays (
    id uuid PRIMARY KEY,
    run_id uuid NOT NULL,
    operator text NOT NULL,
    noted_at timestamptz NOT NULL,
    owner text NOT NULL,
    type text, -- of the events; all if none
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    first_message_id uuid NOT NULL,
    last_message_id uuid NOT NULL,
    message_count integer NOT NULL CHECK (message_count > 0),
    outcome text NOT NULL,
    CHECK (outcome IN ('begun', 'handled', 'not_sent', 'parked', 'not_handled_in_time'))
);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON replays TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
-- migrate:down
