-- migrate:up
-- An address that nobody proved, as legacy accounts have it, gets mandatory mail only. What was announced
-- without a word on it counts as verified, as it was meant then.
ALTER TABLE contacts ADD COLUMN is_verified boolean NOT NULL DEFAULT true;
-- migrate:down
