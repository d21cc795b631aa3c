-- migrate:up
-- How often a payer's step has failed since the payer reached its stage: one that fails goes on alone.
ALTER TABLE closing_payers ADD COLUMN failures integer NOT NULL DEFAULT 0;
GRANT UPDATE (failures) ON closing_payers TO paa_billing;
-- migrate:down
