-- migrate:up
-- A parked payer is taken up again from the beginning: what was posted is reversed, and posted anew as another
-- attempt.
ALTER TABLE closing_payers ADD COLUMN attempt integer NOT NULL DEFAULT 0;
GRANT UPDATE (attempt) ON closing_payers TO paa_billing;
-- migrate:down
