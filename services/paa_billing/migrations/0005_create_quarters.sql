-- migrate:up
-- The books: a quarter without a row is closed if it is before the first one, and not begun otherwise.
-- `open`: lines may be billed in it. `closing`: the cut-off stands, its lines are fixed. `settled`, `sealed`:
-- every payer is. `closed`: every statement is issued.
CREATE TABLE quarters (
    quarter text PRIMARY KEY CHECK (quarter ~ '^[0-9]{4}-Q[1-4]$'),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    state text NOT NULL CHECK (state IN ('open', 'closing', 'settled', 'sealed', 'closed')),
    cut_off_at timestamptz,
    CHECK ((state = 'open') = (cut_off_at IS NULL))
);

GRANT SELECT, INSERT ON quarters TO paa_billing;
GRANT UPDATE (state, cut_off_at) ON quarters TO paa_billing;
-- migrate:down
