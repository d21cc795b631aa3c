-- migrate:up
-- Which firm pays for whom, as `paa_billing` announces it, in any order: an end may come before its beginning.
CREATE TABLE memberships (
    membership_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    paa_id uuid NOT NULL,
    joined_at timestamptz,
    left_at timestamptz CHECK (left_at IS NOT NULL OR joined_at IS NOT NULL)
);
CREATE INDEX memberships_in_force ON memberships (account_id) WHERE left_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON memberships TO accounts;

-- Whether a firm, or a person who pays, asks for a client code with each search; a higher version replaces a lower one.
CREATE TABLE client_code_rules (
    payer_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    is_required boolean NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON client_code_rules TO accounts;
-- migrate:down
