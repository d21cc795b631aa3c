-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY IF NOT EXISTS links_of_an_account ON links (account_id, id);
-- migrate:down
