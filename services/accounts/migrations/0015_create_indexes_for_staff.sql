-- migrate:up
-- By what PSC staff look for people, and the queue of those who wait for a review.
-- squawk-ignore-file require-concurrent-index-creation
CREATE INDEX accounts_by_last_name ON accounts (lower(last_name), id);
CREATE INDEX accounts_held ON accounts (id) WHERE status = 'held_for_review';
-- migrate:down
