-- migrate:up
-- Who may use which filing account, from when to when. A link is ended, never removed.
CREATE TABLE links (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    court_id text NOT NULL,
    filing_account_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('attorney', 'trustee', 'us_trustee', 'filing_agent', 'creditor', 'party',
                                       'transcriber')),
    linked_at timestamptz NOT NULL,
    unlinked_at timestamptz,
    unlinked_by text CHECK (unlinked_by IN ('holder', 'court')),
    unlinked_by_account_id uuid,
    remark text CHECK (length(remark) <= 2000),
    FOREIGN KEY (filing_account_id, court_id) REFERENCES filing_accounts (id, court_id),
    CHECK (unlinked_at >= linked_at),
    CHECK ((unlinked_at IS NULL) = (unlinked_by IS NULL) AND (unlinked_at IS NULL) = (remark IS NULL)),
    CHECK (unlinked_by <> 'court' OR (remark <> '' AND unlinked_by_account_id IS NOT NULL))
);
CREATE UNIQUE INDEX one_open_link_for_a_filing_account ON links (filing_account_id) WHERE unlinked_at IS NULL;
CREATE UNIQUE INDEX one_open_link_for_an_account_court_and_role ON links (account_id, court_id, role)
    WHERE unlinked_at IS NULL;

GRANT SELECT, INSERT ON links TO linking;
GRANT UPDATE (unlinked_at, unlinked_by, unlinked_by_account_id, remark) ON links TO linking;
-- migrate:down
