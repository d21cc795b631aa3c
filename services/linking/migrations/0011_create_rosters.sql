-- migrate:up
-- A court's whole roster, loaded in pieces. Of a court one at most is open; a newer one replaces it.
-- `begun_by_account_id` is NULL where the operator loads what a court handed over: `remark` says who did.
CREATE TABLE rosters (
    id uuid PRIMARY KEY,
    court_id text NOT NULL REFERENCES courts (id),
    begun_at timestamptz NOT NULL,
    begun_by_account_id uuid,
    remark text NOT NULL CHECK (length(remark) <= 200),
    state text NOT NULL CHECK (state IN ('open', 'finished', 'replaced')),
    ended_at timestamptz,
    counts jsonb,
    gone_count integer CHECK (gone_count >= 0),
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CHECK ((state = 'finished') = (counts IS NOT NULL) AND (state = 'finished') = (gone_count IS NOT NULL))
);
CREATE UNIQUE INDEX one_open_roster_for_a_court ON rosters (court_id) WHERE state = 'open';

GRANT SELECT, INSERT, UPDATE ON rosters TO linking;
-- migrate:down
