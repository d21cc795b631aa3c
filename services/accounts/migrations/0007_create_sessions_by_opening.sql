-- migrate:up
-- Sessions that can't be used any more are forgotten, the oldest first; that somebody signed in, and from
-- where, stays in the history.
CREATE INDEX sessions_by_opening ON sessions (opened_at);
GRANT DELETE ON sessions TO accounts;
-- migrate:down
