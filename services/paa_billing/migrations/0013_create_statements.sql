-- migrate:up
-- A statement before it has a number: its canonical JSON, from which the issued one is made at any time again.
CREATE TABLE statement_drafts (
    quarter text NOT NULL,
    payer_id uuid NOT NULL,
    canonical bytea NOT NULL,
    sha256 text NOT NULL CHECK (sha256 = encode(sha256(canonical), 'hex')),
    PRIMARY KEY (quarter, payer_id),
    FOREIGN KEY (quarter, payer_id) REFERENCES closing_payers
);

-- Issued statements, numbered without gaps. `sha256` is that of the canonical JSON with number and instant.
CREATE TABLE statements (
    id uuid PRIMARY KEY,
    number bigint NOT NULL UNIQUE CHECK (number > 0),
    quarter text NOT NULL,
    payer_id uuid NOT NULL,
    payer_name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('invoice', 'statement_of_account')),
    total_cents bigint NOT NULL CHECK (total_cents >= 0),
    waived_cents bigint NOT NULL CHECK (waived_cents BETWEEN 0 AND total_cents),
    newly_due_cents bigint NOT NULL CHECK (newly_due_cents BETWEEN 0 AND total_cents - waived_cents),
    balance_cents bigint NOT NULL,
    due_on date,
    issued_at timestamptz NOT NULL,
    sha256 text NOT NULL UNIQUE CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    UNIQUE (quarter, payer_id),
    FOREIGN KEY (quarter, payer_id) REFERENCES statement_drafts,
    CHECK ((kind = 'invoice') = (balance_cents > 0)),
    CHECK ((kind = 'invoice') = (due_on IS NOT NULL))
);
CREATE INDEX statements_by_payer ON statements (payer_id, number);

-- Where a statement's files lie in the object store; written after the objects.
CREATE TABLE statement_files (
    statement_id uuid NOT NULL REFERENCES statements,
    form text NOT NULL CHECK (form IN ('json', 'csv', 'pdf')),
    key text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (statement_id, form)
);

-- Statements whose files are still to be made.
CREATE TABLE statement_renderings (
    statement_id uuid PRIMARY KEY REFERENCES statements,
    attempts integer NOT NULL DEFAULT 0,
    leased_until timestamptz
);

-- A statement and its files are immutable.
GRANT SELECT, INSERT ON statement_drafts, statements, statement_files TO paa_billing;
GRANT SELECT, INSERT, DELETE ON statement_renderings TO paa_billing;
GRANT UPDATE (attempts, leased_until) ON statement_renderings TO paa_billing;
-- migrate:down
