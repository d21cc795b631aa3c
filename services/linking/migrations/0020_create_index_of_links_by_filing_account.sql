-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY IF NOT EXISTS links_of_a_filing_account ON links (filing_account_id, id);
-- migrate:down
