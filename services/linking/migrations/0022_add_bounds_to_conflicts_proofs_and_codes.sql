-- migrate:up
-- A conflict is at the court of its filing account; proofs and codes are used in time.
ALTER TABLE conflicts
    ADD CONSTRAINT conflict_is_at_the_court_of_its_filing_account
    FOREIGN KEY (filing_account_id, court_id) REFERENCES filing_accounts (id, court_id) NOT VALID;
ALTER TABLE proofs ADD CONSTRAINT proof_is_used_in_time CHECK (used_at < expires_at) NOT VALID;
ALTER TABLE linking_codes ADD CONSTRAINT code_is_used_in_time CHECK (used_at < expires_at) NOT VALID;
-- migrate:down
