-- migrate:up
-- What a firm may see is a matter of the database, not of care in queries: read as the role `paa_billing_firm`,
-- these tables hold what concerns the firm named in `app.paa_id`, and nothing while none is named.
CREATE FUNCTION present_firm() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog
    AS $$ SELECT NULLIF(current_setting('app.paa_id', true), '')::uuid $$;
REVOKE ALL ON FUNCTION present_firm FROM public;
GRANT EXECUTE ON FUNCTION present_firm TO paa_billing_firm;

ALTER TABLE usage_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE filing_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- Forced row security binds the owner too: without a policy, foreign keys and backfills would see no row.
CREATE POLICY all_rows ON usage_lines TO paa_billing, paa_billing_owner USING (true) WITH CHECK (true);
CREATE POLICY all_rows ON memberships TO paa_billing, paa_billing_owner USING (true) WITH CHECK (true);
CREATE POLICY all_rows ON accounts TO paa_billing, paa_billing_owner USING (true) WITH CHECK (true);
CREATE POLICY all_rows ON filing_links TO paa_billing, paa_billing_owner USING (true) WITH CHECK (true);

CREATE POLICY paid_by_the_firm ON usage_lines FOR SELECT TO paa_billing_firm
    USING (paa_id = (SELECT present_firm()));
CREATE POLICY of_the_firm ON memberships FOR SELECT TO paa_billing_firm
    USING (paa_id = (SELECT present_firm()));
CREATE POLICY of_a_member ON accounts FOR SELECT TO paa_billing_firm
    USING (EXISTS (SELECT FROM memberships AS m WHERE m.account_id = accounts.account_id));
CREATE POLICY of_a_present_member ON filing_links FOR SELECT TO paa_billing_firm
    USING (EXISTS (SELECT FROM memberships AS m WHERE m.account_id = filing_links.account_id AND m.left_at IS NULL));

GRANT SELECT (id, payer_id, paa_id, account_id, used_at, court_id, kind, page_count, byte_count, record_count, description,
              case_number, client_code, gross_cents, exempt_cents, billed_quarter)
    ON usage_lines TO paa_billing_firm;
GRANT SELECT (paa_id, account_id, joined_at, left_at) ON memberships TO paa_billing_firm;
GRANT SELECT (account_id, account_number, first_name, last_name, has_second_factor) ON accounts TO paa_billing_firm;
GRANT SELECT (link_id, account_id, is_unlinked) ON filing_links TO paa_billing_firm;
-- migrate:down
