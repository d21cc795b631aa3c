-- migrate:up
-- The zone in which the first usage was booked: prices, quarters and statements stand on it, so it never changes.
CREATE TABLE business_zone (
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
    name text NOT NULL
);

GRANT SELECT, INSERT ON business_zone TO paa_billing;
-- migrate:down
