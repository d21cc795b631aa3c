-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY IF NOT EXISTS notifications_by_concerned ON notifications USING gin (concerned_ids);
-- migrate:down
