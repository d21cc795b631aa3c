"""SQL of resolving a session: what every page of the portal waits for, in one statement."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.accounts.model import Account, InForce, RoleGrant, Session
from shared.database import Connection

_SESSION = Session.__slots__
_ACCOUNT = Account.__slots__


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a session, and the roles granted to them that are in force."""

    session: Session
    account: Account
    grants: tuple[RoleGrant, ...]


async def use_session(
    connection: Connection, token_hash: bytes, in_force: InForce, now: datetime
) -> Holder | None:
    """Note that a session is used and read its holder, unless it has ended or is idle or open too long.

    As a transaction of its own it waits for no disk: if the database crashes at once, the session was used a
    moment less, and so is idle a moment sooner.
    """
    row = await connection.fetchrow(
        """
        WITH used AS (
            UPDATE sessions
               SET last_used_at = greatest(last_used_at, $2)
             WHERE token_hash = $1 AND ended_at IS NULL AND last_used_at > $3 AND opened_at > $4
            RETURNING token_hash, account_id, level, proved_at, opened_at, last_used_at, is_restricted,
                      network, client_code, serves_search
        ), quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
        SELECT token_hash, account_id, level, proved_at, opened_at, last_used_at, is_restricted, network,
               client_code, serves_search,
               id, account_number, version, kind, generation, status, is_shared, user_name, user_name_key,
               legacy_user_name_key, first_name, last_name, name_key, email, email_key, is_email_verified,
               date_of_birth, address, city, state, postal_code, county, phone, user_type, is_search_active,
               has_second_factor, is_factor_announced, factor_skips_used, created_at, upgraded_at,
               deactivated_at, erased_at, is_search_withheld,
               (SELECT coalesce(json_agg(held ORDER BY role, court_id NULLS FIRST), '[]')
                  FROM (SELECT id, account_id, role, court_id, granted_by, granted_at, ends_at
                          FROM role_grants
                         WHERE role_grants.account_id = used.account_id AND ended_at IS NULL
                           AND (ends_at IS NULL OR ends_at > $2)) AS held) AS grants
          FROM quick, used
          JOIN accounts ON accounts.id = used.account_id
        """,
        token_hash,
        now,
        in_force.used_after,
        in_force.opened_after,
    )
    if row is None:
        return None
    return Holder(
        session=Session(**{name: row[name] for name in _SESSION}),
        account=Account(**{name: row[name] for name in _ACCOUNT}),
        grants=msgspec.json.decode(row["grants"], type=tuple[RoleGrant, ...]),
    )
