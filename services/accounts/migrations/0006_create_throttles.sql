-- migrate:up
-- Sign-ins counted in windows of time, before anything is hashed: those from a network that have not
-- succeeded (the empty one is a network too), and those in all.
CREATE TABLE throttles (
    scope text NOT NULL CHECK (scope IN ('network', 'all')),
    subject text NOT NULL CHECK (length(subject) <= 64),
    window_started_at timestamptz NOT NULL,
    attempt_count integer NOT NULL CHECK (attempt_count >= 0),
    PRIMARY KEY (scope, subject)
) WITH (fillfactor = 50);
CREATE INDEX throttles_by_window ON throttles (window_started_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON throttles TO accounts;

-- Counts and sessions that have no effect any more are forgotten.
GRANT DELETE ON sessions TO accounts;
-- migrate:down
