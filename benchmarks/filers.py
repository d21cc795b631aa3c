"""Filers: accounts that are linked at courts, as many as a benchmark asks for."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.tool.stories import ASSERTION_KEY_ID, Story
from services.linking.data import shipped_courts
from services.linking.rules.courts import decide_shipment
from services.linking.store.courts import save_courts
from shared.assertion import Assertion, sign_assertion
from shared.clock import real_clock

LINKS_EACH = 5
_INSERT_ACCOUNTS = """
    INSERT INTO accounts (account_id, version, account_number, first_name, last_name, kind, generation,
                          status, email_verified, is_search_active, has_second_factor)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 1, lpad(n::text, 7, '0'), 'Jane', 'Public', 'individual',
           'upgraded', 'active', true, true, true
      FROM generate_series(0, $1::integer - 1) AS n
"""
_INSERT_FILING_ACCOUNTS = """
    INSERT INTO filing_accounts (id, court_id, login, name, email, role, verifier_scheme, verifier,
                                 roster_digest, loaded_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid,
           courts.ids[1 + (n / each + n % each * (cardinality(courts.ids) / each)) % cardinality(courts.ids)],
           'login' || n, 'Jane Q. Public', 'login' || n || '@lawfirm.example', 'attorney', 'plain',
           '$argon2id$v=19$m=19456,t=2,p=1$bm8gYWNjb3VudCBoZXJlIQ$' || repeat('A', 43),
           decode(repeat('00', 32), 'hex'), now()
      FROM generate_series(0, $1::integer - 1) AS n,
           (SELECT array_agg(id ORDER BY id) AS ids FROM courts) AS courts,
           (VALUES ($2::integer)) AS given (each)
"""
_INSERT_LINKS = """
    INSERT INTO links (id, account_id, court_id, filing_account_id, role, linked_at)
    SELECT id, lpad(to_hex(substr(login, 6)::integer / $1::integer), 32, '0')::uuid, court_id, id, role,
           loaded_at
      FROM filing_accounts
"""


async def settle_filers(story: Story, account_count: int) -> None:
    """Accounts that are linked at five courts each, all of them live; ids ascend, as in the running system.

    The database makes them itself, which is quicker than COPY from a program that makes millions of rows.
    """
    owner = await asyncpg.connect(story.database_url("linking", "linking_owner"))
    now = real_clock()
    shipped = decide_shipment(shipped_courts(), {}, now).changed
    await save_courts(owner, [replace(court, go_live_at=now - timedelta(days=365)) for court in shipped])
    await owner.execute(_INSERT_ACCOUNTS, account_count)
    await owner.execute(_INSERT_FILING_ACCOUNTS, account_count * LINKS_EACH, LINKS_EACH)
    await owner.execute(_INSERT_LINKS, LINKS_EACH)
    await owner.execute("VACUUM (ANALYZE) accounts, courts, filing_accounts, links")
    await owner.close()


def some_accounts(account_count: int, how_many: int) -> list[UUID]:
    """Accounts anywhere among them."""
    return [UUID(int=secrets.randbelow(account_count)) for _ in range(how_many)]


def sign_for(story: Story, account_ids: Sequence[UUID]) -> list[str]:
    """What `accounts` would sign when their sessions are resolved; good for a minute."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex((story.keys / "assertion-private").read_text()))
    return [sign_assertion(_assertion(each, real_clock()), key, ASSERTION_KEY_ID) for each in account_ids]


def _assertion(account_id: UUID, now: datetime) -> Assertion:
    return Assertion(
        audience="linking",
        account_id=account_id,
        account_number=f"{account_id.int:07}",
        kind="individual",
        generation="upgraded",
        status="active",
        email_verified=True,
        account_version=1,
        session_id_hash="0" * 64,
        level=2,
        proved_at=now,
        issued_at=now,
        expires_at=now + timedelta(seconds=60),
    )
