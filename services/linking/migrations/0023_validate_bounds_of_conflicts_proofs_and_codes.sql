-- migrate:up
ALTER TABLE conflicts VALIDATE CONSTRAINT conflict_is_at_the_court_of_its_filing_account;
ALTER TABLE proofs VALIDATE CONSTRAINT proof_is_used_in_time;
ALTER TABLE linking_codes VALIDATE CONSTRAINT code_is_used_in_time;
-- migrate:down
