-- migrate:up transaction:false
-- How many uses of a batch still wait.
CREATE INDEX CONCURRENTLY IF NOT EXISTS waiting_usage_by_batch ON waiting_usage (court_id, batch_id);
-- migrate:down
