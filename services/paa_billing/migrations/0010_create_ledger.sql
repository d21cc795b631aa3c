-- migrate:up
-- What was done to the books, each once. `quarter`: the one whose statement says so.
CREATE TABLE ledger_operations (
    id uuid PRIMARY KEY,
    kind text NOT NULL
        CHECK (kind IN ('settlement', 'credit', 'debit', 'payment', 'returned_payment', 'returned_payment_fee',
                        'refund', 'write_off', 'balance_moved')),
    quarter text NOT NULL REFERENCES quarters,
    at timestamptz NOT NULL,
    explanation text NOT NULL
);

-- One row moves an amount from one ledger account (credit) to another (debit), so that the books always balance.
-- Receivable and unapplied cash are kept by payer, fees by court, the others once.
CREATE TABLE ledger_entries (
    id uuid PRIMARY KEY,
    operation_id uuid NOT NULL REFERENCES ledger_operations,
    debit_kind text NOT NULL
        CHECK (debit_kind IN ('receivable', 'fees', 'waived', 'exempted', 'credits_granted', 'cash',
                              'unapplied_cash', 'refunds', 'write_off')),
    debit_payer_id uuid,
    debit_court_id text,
    credit_kind text NOT NULL
        CHECK (credit_kind IN ('receivable', 'fees', 'waived', 'exempted', 'credits_granted', 'cash',
                               'unapplied_cash', 'refunds', 'write_off')),
    credit_payer_id uuid,
    credit_court_id text,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    -- An entry is reversed once.
    reverses uuid UNIQUE REFERENCES ledger_entries,
    CHECK ((debit_payer_id IS NOT NULL) = (debit_kind IN ('receivable', 'unapplied_cash'))),
    CHECK ((credit_payer_id IS NOT NULL) = (credit_kind IN ('receivable', 'unapplied_cash'))),
    CHECK ((debit_court_id IS NOT NULL) = (debit_kind = 'fees')),
    CHECK ((credit_court_id IS NOT NULL) = (credit_kind = 'fees')),
    CHECK (ROW(debit_kind, debit_payer_id, debit_court_id)
           IS DISTINCT FROM ROW(credit_kind, credit_payer_id, credit_court_id))
);
CREATE INDEX ledger_operations_by_quarter ON ledger_operations (quarter, id);
CREATE INDEX ledger_entries_by_operation ON ledger_entries (operation_id);
CREATE INDEX ledger_entries_by_debited_payer ON ledger_entries (debit_payer_id) WHERE debit_payer_id IS NOT NULL;
CREATE INDEX ledger_entries_by_credited_payer ON ledger_entries (credit_payer_id) WHERE credit_payer_id IS NOT NULL;

-- Each entry from the side of each payer that it concerns: positive is owed, negative is paid or stands to good.
CREATE VIEW payer_movements AS
    SELECT e.debit_payer_id AS payer_id, e.debit_kind AS account_kind, e.amount_cents,
           o.id AS operation_id, o.kind, o.quarter, o.at, o.explanation
      FROM ledger_entries AS e JOIN ledger_operations AS o ON o.id = e.operation_id
     WHERE e.debit_payer_id IS NOT NULL
    UNION ALL
    SELECT e.credit_payer_id, e.credit_kind, -e.amount_cents, o.id, o.kind, o.quarter, o.at, o.explanation
      FROM ledger_entries AS e JOIN ledger_operations AS o ON o.id = e.operation_id
     WHERE e.credit_payer_id IS NOT NULL;

-- The books only grow: no UPDATE, no DELETE.
GRANT SELECT, INSERT ON ledger_operations, ledger_entries TO paa_billing;
GRANT SELECT ON payer_movements TO paa_billing;
-- migrate:down
