-- migrate:up
-- How ready a court's filers were on a day of the business zone, as counted once; counts, no persons.
CREATE TABLE readiness_days (
    court_id text NOT NULL REFERENCES courts (id),
    counted_on date NOT NULL,
    counted_at timestamptz NOT NULL,
    filing_accounts integer NOT NULL,
    seem_to_have_account integer NOT NULL,
    seem_upgraded integer NOT NULL,
    linked integer NOT NULL,
    PRIMARY KEY (court_id, counted_on),
    CHECK (seem_upgraded BETWEEN 0 AND seem_to_have_account),
    CHECK (linked >= 0 AND linked + seem_to_have_account <= filing_accounts)
);

GRANT SELECT, INSERT ON readiness_days TO linking;
-- migrate:down
