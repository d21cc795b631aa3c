-- migrate:up
-- A firm pays for its members. Not registered yet: taken over with a legacy administrator's account.
CREATE TABLE firms (
    paa_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 401),
    known_since timestamptz NOT NULL,
    registered_at timestamptz
);

-- An account administers one firm; a firm may have several administrators.
CREATE TABLE firm_administrators (
    account_id uuid PRIMARY KEY,
    paa_id uuid NOT NULL REFERENCES firms,
    since_at timestamptz NOT NULL
);
CREATE INDEX firm_administrators_by_firm ON firm_administrators (paa_id);

GRANT SELECT, INSERT ON firms, firm_administrators TO paa_billing;
GRANT UPDATE (name, registered_at) ON firms TO paa_billing;
-- migrate:down
