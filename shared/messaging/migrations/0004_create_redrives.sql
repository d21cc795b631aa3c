-- migrate:up
-- What operators did with parked messages: who, when, and what came of it. It only grows.
CREATE TABLE redrives (
    id uuid PRIMARY KEY,
    parked_id uuid NOT NULL REFERENCES parked_messages (id),
    operator text NOT NULL,
    noted_at timestamptz NOT NULL,
    outcome text NOT NULL,
    problem text NOT NULL DEFAULT '',
    CHECK (outcome IN ('refused', 'begun', 'sent', 'not_sent', 'handled', 'parked_again', 'not_handled_in_time',
                       'would_be_handled', 'would_fail'))
);
CREATE INDEX redrives_by_parked_message ON redrives (parked_id, noted_at);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON redrives TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
-- migrate:down
