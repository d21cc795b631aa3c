"""Who pays for the uses that are measured with: accounts, firms, memberships; and did they come to pay?"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from benchmarks.usages import COURT, FIRMS, MEMBERS, PEOPLE, SPAN, account_number
from shared.database import Pool
from shared.messaging.ids import new_id

INSERT_ACCOUNT = """
    INSERT INTO accounts (account_id, version, account_number, first_name, last_name, kind, generation,
                          status, is_search_active, has_second_factor)
    VALUES ($1, 1, $2, 'Ada', 'Member', 'individual', 'upgraded', 'active', true, true)
    """
INSERT_FIRM = "INSERT INTO firms (paa_id, name, known_since) VALUES ($1, 'Hale & Partner', $2)"
INSERT_INVITATION = """
    INSERT INTO invitations (invitation_id, paa_id, account_id, invited_by, remark, invited_at, expires_at,
                             state, settled_at)
    VALUES ($1, $2, $3, $2, '', $4::timestamptz, $4::timestamptz + interval '1 day', 'accepted', $4)
    """
INSERT_MEMBERSHIP = """
    INSERT INTO memberships (membership_id, paa_id, account_id, invitation_id, joined_at, left_at, ended_by)
    VALUES ($1, $2, $3, $1, $4, $5, CASE WHEN $5::timestamptz IS NULL THEN NULL ELSE 'person' END)
    """
Membership = tuple[UUID, UUID, UUID, datetime, datetime | None]


async def settle_people(pool: Pool, latest: datetime) -> None:
    """Let the people, the firms and their memberships be known, as if it had always been so."""
    people = [new_id(latest) for _ in range(PEOPLE)]
    firms = [new_id(latest) for _ in range(FIRMS)]
    memberships = _memberships(people[:MEMBERS], firms, latest)
    async with pool.acquire() as connection, connection.transaction():
        numbered = [(person, account_number(place)) for place, person in enumerate(people)]
        await connection.executemany(INSERT_ACCOUNT, numbered)
        await connection.executemany(INSERT_FIRM, [(firm, latest) for firm in firms])
        await connection.executemany(INSERT_INVITATION, [each[:4] for each in memberships])
        await connection.executemany(INSERT_MEMBERSHIP, memberships)


def _memberships(people: list[UUID], firms: list[UUID], latest: datetime) -> list[Membership]:
    since, changed_at = latest - SPAN * 9, latest - SPAN / 2
    found: list[Membership] = []
    for place, person in enumerate(people):
        firm, next_firm = firms[place % FIRMS], firms[(place + 1) % FIRMS]
        has_changed = place % 2 == 0
        found.append((new_id(latest), firm, person, since, changed_at if has_changed else None))
        if has_changed:
            found.append((new_id(latest), next_firm, person, changed_at, None))
    return found


async def find_mistakes(pool: Pool, usage_ids: Collection[str], gross_cents: int) -> list[str]:
    """What is wrong with the lines: each use once, the right sum, and each to the payer of its instant."""
    row = await pool.fetchrow(
        """
        SELECT count(*) AS lines, count(DISTINCT l.usage_id) AS uses,
               (SELECT count(*) FROM usage_ids) AS ids,
               count(*) FILTER (WHERE l.usage_id = ANY($2::text[])) AS reported,
               coalesce(sum(l.gross_cents), 0)::bigint AS cents,
               count(*) FILTER (WHERE l.paa_id IS DISTINCT FROM m.paa_id) AS of_wrong_payers,
               count(*) FILTER (WHERE l.court_id <> $1) AS of_wrong_courts
          FROM usage_lines AS l
          LEFT JOIN memberships AS m ON m.account_id = l.account_id AND m.period @> l.used_at
        """,
        COURT,
        list(usage_ids),
    )
    count = len(usage_ids)
    expected = {"lines": count, "uses": count, "ids": count, "reported": count, "cents": gross_cents}
    expected |= {"of_wrong_payers": 0, "of_wrong_courts": 0}
    found = {} if row is None else dict(row)
    return [f"{name}: {found.get(name)}, not {n}" for name, n in expected.items() if found.get(name) != n]
