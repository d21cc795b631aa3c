-- migrate:up
-- PSC has switched search off: neither a hold that ends nor a proved address switches it on again.
ALTER TABLE accounts ADD COLUMN is_search_withheld boolean NOT NULL DEFAULT false;
UPDATE accounts SET is_search_withheld = true
 WHERE status = 'active' AND kind = 'individual' AND generation = 'upgraded' AND NOT is_search_active;
-- migrate:down
