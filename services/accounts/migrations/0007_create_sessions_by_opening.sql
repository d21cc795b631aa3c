-- migrate:up transaction:false
-- Sessions that can't be used any more are forgotten, the oldest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_by_opening ON sessions (opened_at);
-- migrate:down
