-- migrate:up
-- A line on its way into the books: an array of these is one parameter of the statement that books a batch, and
-- PostgreSQL reads it as it would read rows of a table. `reasons` is separated by spaces.
CREATE TYPE reported_line AS (
    id uuid,
    court_id text,
    usage_id text,
    digest bytea,
    account_id uuid,
    paa_id uuid,
    used_at timestamptz,
    kind text,
    page_count bigint,
    byte_count bigint,
    record_count bigint,
    description text,
    case_number text,
    client_code text,
    schedule_effective_on date,
    gross_cents bigint,
    exempt_cents bigint,
    exemption_id uuid,
    reasons text,
    used_quarter text,
    billed_quarter text
);
-- migrate:down
