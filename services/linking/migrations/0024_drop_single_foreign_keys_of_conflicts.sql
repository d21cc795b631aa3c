-- migrate:up
-- The foreign key of both columns holds what each of these held.
ALTER TABLE conflicts
    DROP CONSTRAINT conflicts_filing_account_id_fkey,
    DROP CONSTRAINT conflicts_court_id_fkey;
-- migrate:down
