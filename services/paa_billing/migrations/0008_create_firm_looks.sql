-- migrate:up
-- Each look of a firm's administrator at the uses of its members in a quarter, or at the list of members.
CREATE TABLE firm_looks (
    look_id uuid PRIMARY KEY,
    paa_id uuid NOT NULL REFERENCES firms,
    administrator_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('usage', 'members')),
    quarter text CHECK (quarter ~ '^[0-9]{4}-Q[1-4]$'),
    looked_at timestamptz NOT NULL,
    CHECK ((kind = 'usage') = (quarter IS NOT NULL))
);
CREATE INDEX firm_looks_by_firm ON firm_looks (paa_id, quarter, looked_at);

GRANT SELECT, INSERT ON firm_looks TO paa_billing;
-- migrate:down
