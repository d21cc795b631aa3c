-- migrate:up
-- A quarter's close: what caused it, and the policies that hold for all of it. `listed_at`: all payers are known.
CREATE TABLE closes (
    quarter text PRIMARY KEY REFERENCES quarters,
    command_id uuid NOT NULL UNIQUE,
    correlation_id uuid NOT NULL,
    cut_off_at timestamptz NOT NULL,
    waiver_schedule_on date NOT NULL REFERENCES fee_schedules,
    policies bytea NOT NULL,
    listed_at timestamptz
);

-- Each payer of a quarter on the way to a statement. A parked one waits, alone, for a person to look at it:
-- `stage_before` is where it goes on.
CREATE TABLE closing_payers (
    quarter text NOT NULL REFERENCES closes,
    payer_id uuid NOT NULL,
    payer_kind text NOT NULL CHECK (payer_kind IN ('person', 'paa')),
    stage text NOT NULL DEFAULT 'listed' CHECK (stage IN ('listed', 'settled', 'sealed', 'issued', 'parked')),
    stage_before text CHECK (stage_before IN ('listed', 'settled')),
    reason text,
    expected text,
    found text,
    settlement bytea,
    carried_cents bigint,
    leased_until timestamptz,
    PRIMARY KEY (quarter, payer_id),
    CHECK ((stage = 'parked') = (stage_before IS NOT NULL)),
    CHECK ((stage = 'parked') = (reason IS NOT NULL)),
    CHECK ((settlement IS NULL) = (coalesce(stage_before, stage) = 'listed')),
    CHECK ((settlement IS NULL) = (carried_cents IS NULL))
);
CREATE INDEX closing_payers_by_stage ON closing_payers (quarter, stage, payer_id);
CREATE INDEX closing_payers_unissued ON closing_payers (payer_id, quarter) WHERE stage <> 'issued';

GRANT SELECT, INSERT ON closes, closing_payers TO paa_billing;
GRANT UPDATE (listed_at) ON closes TO paa_billing;
GRANT UPDATE (stage, stage_before, reason, expected, found, settlement, carried_cents, leased_until)
    ON closing_payers TO paa_billing;
-- migrate:down
