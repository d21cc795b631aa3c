"""What `linking` gives into an export: for each table the statement that reads an account's rows."""

from collections.abc import Mapping

STATEMENTS: Mapping[str, str] = {
    "accounts": """
        SELECT account_id, version, account_number, first_name, last_name, kind, generation, status,
               email_verified, is_search_active, has_second_factor
          FROM accounts
         WHERE account_id = $1
        """,
    "links": """
        SELECT l.id, l.court_id, f.login AS filing_login, f.name AS filing_name, f.email AS filing_email,
               l.role, l.linked_at, f.gone_at, l.unlinked_at, l.unlinked_by, l.remark
          FROM links AS l
          JOIN filing_accounts AS f ON f.id = l.filing_account_id
         WHERE l.account_id = $1
         ORDER BY l.linked_at, l.id
        """,
    "proofs": """
        SELECT p.id, f.court_id, f.login AS filing_login, p.proved_at, p.expires_at, p.used_at, p.died_at
          FROM proofs AS p
          JOIN filing_accounts AS f ON f.id = p.filing_account_id
         WHERE p.account_id = $1
         ORDER BY p.proved_at, p.id
        """,
    "bookings": """
        SELECT b.id, b.court_id, s.starts_at, s.place, b.booked_at, b.ended_at, b.ended_by
          FROM bookings AS b
          JOIN assistance_sessions AS s ON s.id = b.assistance_session_id
         WHERE b.account_id = $1
         ORDER BY b.booked_at, b.id
        """,
    # Who else claims a filing account is not the asker's to know.
    "conflicts": """
        SELECT id, court_id, claimant_account_id = $1 AS is_own_claim, found_at, settled_at
          FROM conflicts
         WHERE $1 IN (claimant_account_id, holder_account_id)
         ORDER BY found_at, id
        """,
    "rosters": """
        SELECT id, court_id, begun_at, state, ended_at FROM rosters
         WHERE begun_by_account_id = $1
         ORDER BY begun_at, id
        """,
    # Which staff made it and with whom they spoke is not the asker's to know.
    "linking_codes": """
        SELECT c.id, c.court_id, f.login AS filing_login, c.way, c.issued_at, c.used_at
          FROM linking_codes AS c
          JOIN filing_accounts AS f ON f.id = c.filing_account_id
         WHERE c.used_by_account_id = $1
         ORDER BY c.used_at, c.id
        """,
    "filing_requests": """
        SELECT id, court_id, role, remark, asked_at, state, decided_at, reason
          FROM filing_requests
         WHERE account_id = $1
         ORDER BY asked_at, id
        """,
    # At which login is known to nobody: a digest is kept of it.
    "link_attempts": """
        SELECT court_id, outcome, attempt_count, last_at
          FROM link_attempts
         WHERE account_id = $1
         ORDER BY last_at, court_id, outcome
        """,
}
LEFT_OUT: Mapping[str, str] = {
    "throttles": "keyed digests and counts, which forget themselves within a day",
}
"""Tables that hold something of an account and give none of it, and why."""
