-- migrate:up
-- Money that came in, once for each reference.
CREATE TABLE payments (
    reference text PRIMARY KEY CHECK (length(reference) BETWEEN 1 AND 64),
    payer_id uuid NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    paid_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    operation_id uuid NOT NULL UNIQUE REFERENCES ledger_operations
);
CREATE INDEX payments_by_payer ON payments (payer_id);

GRANT SELECT, INSERT ON payments TO paa_billing;
-- migrate:down
