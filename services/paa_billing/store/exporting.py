"""What billing gives of itself into an export: for each table the statement that reads an account's rows."""

from collections.abc import Mapping

STATEMENTS: Mapping[str, str] = {
    "accounts": """
        SELECT account_id, version, account_number, first_name, last_name, kind, generation, status,
               is_search_active, has_second_factor
          FROM accounts
         WHERE account_id = $1
        """,
    "filing_links": """
        SELECT link_id, is_unlinked FROM filing_links WHERE account_id = $1 ORDER BY link_id
        """,
    "firm_administrators": """
        SELECT a.paa_id, f.name AS firm_name, a.since_at
          FROM firm_administrators AS a JOIN firms AS f USING (paa_id)
         WHERE a.account_id = $1
        """,
    "invitations": """
        SELECT i.invitation_id, f.name AS firm_name, i.remark, i.invited_at, i.expires_at, i.state,
               i.settled_at
          FROM invitations AS i JOIN firms AS f USING (paa_id)
         WHERE i.account_id = $1
         ORDER BY i.invited_at, i.invitation_id
        """,
    "memberships": """
        SELECT m.membership_id, f.name AS firm_name, m.joined_at, m.left_at, m.ended_by, m.remark
          FROM memberships AS m JOIN firms AS f USING (paa_id)
         WHERE m.account_id = $1
         ORDER BY m.joined_at, m.membership_id
        """,
    "client_code_rules": """
        SELECT is_required, changed_at FROM client_code_rules WHERE payer_id = $1
        """,
    "exemptions": """
        SELECT id, court_id, starts_at, ends_at, must_be_claimed, reason
          FROM exemptions
         WHERE account_id = $1
         ORDER BY starts_at, id
        """,
    "usage_lines": """
        SELECT id, court_id, usage_id, used_at, recorded_at, kind, page_count, byte_count, record_count,
               description, case_number, client_code, schedule_effective_on, gross_cents, exempt_cents,
               exemption_id, reasons, used_quarter, billed_quarter, paa_id IS NOT NULL AS is_paid_by_firm
          FROM usage_lines
         WHERE account_id = $1
         ORDER BY used_at, id
        """,
    "waiting_usage": """
        SELECT w.court_id, w.usage_id, encode(w.record, 'escape') AS record, w.received_at
          FROM waiting_usage AS w JOIN accounts AS a USING (account_number)
         WHERE a.account_id = $1
         ORDER BY w.received_at, w.court_id, w.usage_id
        """,
    "quarantined_usage": """
        SELECT q.id, q.court_id, q.usage_id, q.field, q.reason, encode(q.record, 'escape') AS record,
               q.received_at, q.state
          FROM quarantined_usage AS q
          JOIN accounts AS a ON position(convert_to('"' || a.account_number || '"', 'UTF8') IN q.record) > 0
         WHERE a.account_id = $1
         ORDER BY q.received_at, q.id
        """,
    "ledger": """
        SELECT operation_id, kind, account_kind, amount_cents, quarter, at, explanation
          FROM payer_movements
         WHERE payer_id = $1
         ORDER BY at, operation_id, account_kind
        """,
    "payments": """
        SELECT reference, amount_cents, recorded_at, payer_id = $1 AS is_for_oneself
          FROM payments
         WHERE payer_id = $1 OR paid_by = $1
         ORDER BY recorded_at, reference
        """,
    "statements": """
        SELECT id, number, quarter, payer_name, kind, total_cents, waived_cents, newly_due_cents,
               balance_cents, due_on, issued_at, sha256
          FROM statements
         WHERE payer_id = $1
         ORDER BY number
        """,
    "firm_looks": """
        SELECT f.name AS firm_name, k.kind, k.quarter, k.looked_at, k.administrator_id = $1 AS is_own_look
          FROM firm_looks AS k JOIN firms AS f USING (paa_id)
         WHERE k.administrator_id = $1
            OR (k.kind IN ('usage', 'statement')
                AND EXISTS (SELECT FROM usage_lines AS l
                             WHERE l.account_id = $1 AND l.paa_id = k.paa_id AND l.billed_quarter = k.quarter
                               AND l.recorded_at <= k.looked_at))
         ORDER BY k.looked_at, k.look_id
        """,
}
LEFT_OUT: Mapping[str, str] = {
    "statement_drafts": "the statements themselves, which `MyStatements` gives as files",
    "statement_files": "where those files lie",
    "statement_renderings": "that those files are being made",
    "closing_payers": "how far a close has come; its outcome is the statement",
    "usage_ids": "digests of what stands in `usage_lines`",
}
"""Tables that hold something of an account and give none of it, and why."""
