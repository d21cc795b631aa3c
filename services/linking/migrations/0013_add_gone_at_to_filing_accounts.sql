-- migrate:up
-- Since when the court's roster doesn't name it any more: it proves nothing then, and files nothing.
ALTER TABLE filing_accounts ADD COLUMN gone_at timestamptz;
-- migrate:down
