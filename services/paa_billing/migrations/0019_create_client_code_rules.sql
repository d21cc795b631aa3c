-- migrate:up
-- Whether searches need a client code: set by a firm for its members, or by a person for themselves. `payer_id`
-- is the firm or the person; who has no row asks for none.
CREATE TABLE client_code_rules (
    payer_id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version > 0),
    is_required boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by uuid NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON client_code_rules TO paa_billing;
-- migrate:down
