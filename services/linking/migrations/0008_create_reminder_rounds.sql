-- migrate:up
-- One round through a court's roster for each occasion of each go-live instant: at so many days from it, before
-- (negative), at it (0), and weekly after it. A chunk tells its people and moves `after_login` in one
-- transaction, so that nobody is told twice; the unique key keeps an occasion from being gone through again.
CREATE TABLE reminder_rounds (
    id uuid PRIMARY KEY,
    court_id text NOT NULL REFERENCES courts (id),
    go_live_at timestamptz NOT NULL,
    days_from_go_live integer NOT NULL,
    cause_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    begun_at timestamptz NOT NULL,
    after_login text NOT NULL DEFAULT '',
    told_count integer NOT NULL DEFAULT 0 CHECK (told_count >= 0),
    finished_at timestamptz,
    UNIQUE (court_id, go_live_at, days_from_go_live)
);
CREATE INDEX reminder_rounds_to_go_on_with ON reminder_rounds (begun_at) WHERE finished_at IS NULL;

GRANT SELECT, INSERT ON reminder_rounds TO linking;
GRANT UPDATE (after_login, told_count, finished_at) ON reminder_rounds TO linking;
-- migrate:down
