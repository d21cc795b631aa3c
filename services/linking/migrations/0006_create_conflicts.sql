-- migrate:up
-- Two people claim one filing account: for the court's staff to settle.
CREATE TABLE conflicts (
    id uuid PRIMARY KEY,
    court_id text NOT NULL REFERENCES courts (id),
    filing_account_id uuid NOT NULL REFERENCES filing_accounts (id),
    holder_account_id uuid NOT NULL,
    claimant_account_id uuid NOT NULL,
    found_at timestamptz NOT NULL,
    settled_at timestamptz,
    CHECK (holder_account_id <> claimant_account_id)
);
CREATE UNIQUE INDEX one_open_conflict_for_a_claimant ON conflicts (filing_account_id, claimant_account_id)
    WHERE settled_at IS NULL;
CREATE INDEX conflicts_of_a_court ON conflicts (court_id) WHERE settled_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON conflicts TO linking;
-- migrate:down
