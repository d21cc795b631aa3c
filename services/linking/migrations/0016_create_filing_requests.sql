-- migrate:up
-- Who asked a court for filing privileges, and what became of it.
CREATE TABLE filing_requests (
    id uuid PRIMARY KEY,
    court_id text NOT NULL REFERENCES courts (id),
    account_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('attorney', 'trustee', 'us_trustee', 'filing_agent', 'creditor', 'party',
                                       'transcriber')),
    remark text NOT NULL CHECK (length(remark) <= 2000),
    asked_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'refused', 'withdrawn')),
    decided_at timestamptz,
    decided_by_account_id uuid,
    reason text NOT NULL CHECK (length(reason) <= 2000),
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((state IN ('accepted', 'refused')) = (decided_by_account_id IS NOT NULL)),
    CHECK (state <> 'refused' OR reason <> '')
);
CREATE UNIQUE INDEX one_open_request_for_an_account_court_and_role ON filing_requests (account_id, court_id, role)
    WHERE state = 'open';
CREATE INDEX filing_requests_of_a_court ON filing_requests (court_id, id) WHERE state = 'open';
CREATE INDEX filing_requests_of_an_account ON filing_requests (account_id, id);

GRANT SELECT, INSERT ON filing_requests TO linking;
GRANT UPDATE (remark, state, decided_at, decided_by_account_id, reason) ON filing_requests TO linking;
-- migrate:down
