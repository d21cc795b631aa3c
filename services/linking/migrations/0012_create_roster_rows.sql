-- migrate:up
-- The logins that an open roster has named so far, each with the line on which it stands and what became of
-- it. Forgotten when the roster is at an end.
CREATE TABLE roster_rows (
    roster_id uuid NOT NULL REFERENCES rosters (id),
    login text NOT NULL,
    line integer NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('added', 'changed', 'unchanged', 'refused')),
    is_wrapped boolean NOT NULL,
    PRIMARY KEY (roster_id, login)
);

GRANT SELECT, INSERT, DELETE ON roster_rows TO linking;

-- Rows of a court's newest roster that were not taken; nothing of the row itself. Its login is `named` by this
-- very line, `repeated` from another one, or `unknown`.
CREATE TABLE roster_refusals (
    roster_id uuid NOT NULL REFERENCES rosters (id),
    line integer NOT NULL,
    field text NOT NULL CHECK (length(field) <= 40),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    login_is text NOT NULL CHECK (login_is IN ('named', 'repeated', 'unknown')),
    PRIMARY KEY (roster_id, line)
);

GRANT SELECT, INSERT, DELETE ON roster_refusals TO linking;
-- migrate:down
