"""What `accounts` gives of itself into an export: all but what proves who somebody is.

No hash of a password, no secret of an authenticator, no token, and no key by which texts are compared.
"""

from collections.abc import Mapping

STATEMENTS: Mapping[str, str] = {
    "accounts": """
        SELECT id, account_number, version, kind, generation, status, is_shared, user_name,
               legacy_user_name_key AS legacy_user_name, first_name, last_name, email, is_email_verified,
               date_of_birth, address, city, state, postal_code, county, phone, user_type, is_search_active,
               has_second_factor, is_factor_announced, factor_skips_used, created_at, upgraded_at,
               deactivated_at, is_search_withheld
          FROM accounts
         WHERE id = $1
        """,
    "former_user_names": """
        SELECT user_name_key AS user_name, given_up_at
          FROM former_user_names
         WHERE account_id = $1
         ORDER BY given_up_at, user_name_key
        """,
    "credentials": """
        SELECT changed_at AS password_changed_at FROM credentials WHERE account_id = $1
        """,
    "guards": """
        SELECT kind, attempts, locked_until FROM guards WHERE account_id = $1 ORDER BY kind
        """,
    "authenticators": """
        SELECT name, confirmed_at FROM authenticators WHERE account_id = $1 ORDER BY name_key, id
        """,
    "backup_codes": """
        SELECT made_at FROM backup_codes WHERE account_id = $1 ORDER BY made_at
        """,
    "recovery_mails": """
        SELECT kind, mailed_at FROM recovery_mails WHERE account_id = $1 ORDER BY kind
        """,
    "memberships": """
        SELECT membership_id, paa_id, joined_at, left_at
          FROM memberships
         WHERE account_id = $1
         ORDER BY joined_at, membership_id
        """,
    "client_code_rules": """
        SELECT version, is_required FROM client_code_rules WHERE payer_id = $1
        """,
    "filing_links": """
        SELECT link_id, unlinked_at FROM filing_links WHERE account_id = $1 ORDER BY link_id
        """,
    "sessions": """
        SELECT level, proved_at, opened_at, last_used_at, is_restricted, network, client_code,
               serves_search, ended_at, ended_by
          FROM sessions
         WHERE account_id = $1
         ORDER BY opened_at, token_hash
        """,
    "personal_tokens": """
        SELECT name, scopes, level, created_at, expires_at, last_used_at, ended_at, ended_by
          FROM personal_tokens
         WHERE account_id = $1
         ORDER BY created_at, id
        """,
    "known_networks": """
        SELECT network, first_seen_at
          FROM known_networks
         WHERE account_id = $1
         ORDER BY first_seen_at, network
        """,
    "role_grants": """
        SELECT role, court_id, granted_by AS granted_by_account_id, granted_at, ends_at, ended_at
          FROM role_grants
         WHERE account_id = $1
         ORDER BY granted_at, id
        """,
    "email_verifications": """
        SELECT email, created_at, expires_at, closed_at
          FROM email_verifications
         WHERE account_id = $1
         ORDER BY created_at, token_hash
        """,
    "one_time_tokens": """
        SELECT purpose, email, created_at, expires_at, closed_at
          FROM one_time_tokens
         WHERE account_id = $1
         ORDER BY created_at, token_hash
        """,
    "history": """
        SELECT sequence, at, kind, content FROM history WHERE account_id = $1 ORDER BY sequence
        """,
    "asked_erasures": """
        SELECT asked_at, final_at, status, is_search_active FROM asked_erasures WHERE account_id = $1
        """,
    "exports": """
        SELECT export_id, asked_at, expires_at, state FROM exports WHERE account_id = $1 ORDER BY asked_at
        """,
}
LEFT_OUT: Mapping[str, str] = {
    "export_parts": "what an export is made of, while it is made",
    "history_heads": "the last entry's number and hash, by which a shortened history shows",
}
"""Tables that hold something of an account and give none of it, and why."""
COLUMNS_LEFT_OUT: Mapping[str, str] = {
    "*.account_id client_code_rules.payer_id": "the account's own id, which its row in `accounts` gives",
    "accounts.name_key accounts.email_key accounts.user_name_key authenticators.name_key": (
        "the same texts as they are compared"
    ),
    "accounts.erased_at": "of an erased account no export is made",
    "credentials.scheme credentials.password_hash credentials.recipe authenticators.secret"
    " authenticators.last_step backup_codes.code_hash sessions.token_hash email_verifications.token_hash"
    " one_time_tokens.token_hash personal_tokens.token_hash": "what proves who somebody is",
    "authenticators.id role_grants.id personal_tokens.id": "how the service tells its rows apart",
    "history.salt history.content_hash history.previous_hash history.entry_hash": (
        "by what an edited history shows, which says nothing more of the person"
    ),
    "exports.key exports.sha256 exports.size_bytes exports.secret exports.asked_by exports.correlation_id"
    " exports.leased_until exports.is_swept": "how the file is made, where it lies, and what opens it",
}
"""Columns of the tables above that aren't given, as `table.column`, `*` for each table, and why."""
