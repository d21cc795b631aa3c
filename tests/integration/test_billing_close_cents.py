"""Every cent that a close charges is due, waived, exempt or credited, whatever was reported and paid."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.paa_billing.model import Exemption
from services.paa_billing.service import SERVICE
from services.paa_billing.store import schedules
from shared.messaging.registry import Service
from tests.billing import a_use, opened, report
from tests.closing import (
    a_world,
    balances_of,
    close,
    in_chunks_of,
    pay,
    statements_of,
    tell,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]

usages = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 9),
        st.sampled_from(["document", "transcript", "opinion", "audio", "name_search"]),
        st.integers(1, 400),
        st.sampled_from(["ncwbk", "nysdc", "cacdc"]),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reported=usages,
    payments=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9_000)), max_size=4),
    subject=st.sampled_from(["payer", "person"]),
)
async def test_every_cent_charged_is_due_waived_exempt_or_credited_and_the_books_balance(
    workplace_of: Make,
    reported: list[tuple[int, int, str, int, str, bool]],
    payments: list[tuple[int, int]],
    subject: str,
) -> None:
    world = a_world(4)
    place = await opened(await workplace_of(SERVICE, in_chunks_of(2, waiver_subject=subject)))
    await tell(place, world)
    await exempt(place, world.people[3].account_id)
    for number, (payer, amount) in enumerate(payments):
        await pay(place, world.people[payer], amount, f"payment {number}")
    place.clock.forward(minutes=10)
    by_court: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, (who, minute, kind, pages, court, is_claimed) in enumerate(reported):
        by_court[court].append(
            a_use(
                world.people[who],
                NOON + timedelta(minutes=minute),
                usage_id=f"u{number}",
                kind=kind,
                pages=None if kind == "audio" else pages,
                exemption="CJA" if is_claimed else None,
            )
        )
    for court, uses in by_court.items():
        await report(place, *uses, court_id=court)

    await close(place)

    (lines,) = await place.pool.fetch(
        "SELECT count(*) AS lines, coalesce(sum(gross_cents), 0)::bigint AS gross,"
        " coalesce(sum(exempt_cents), 0)::bigint AS exempt FROM usage_lines"
    )
    totals = [each.totals for each in await statements_of(place)]
    assert sum(each.line_count for each in totals) == lines["lines"] == len(reported)
    assert sum(each.gross_cents for each in totals) == lines["gross"]
    for each in totals:
        parts = (each.exempt_cents, each.waived_cents, each.credited_cents, each.newly_due_cents)
        assert min(parts) >= 0
        assert sum(parts) == each.gross_cents
    books = defaultdict(int, await balances_of(place))
    paid = 1000 + sum(amount for _, amount in payments)
    assert -books["fees"] == lines["gross"]
    assert books["exempted"] == lines["exempt"] == sum(each.exempt_cents for each in totals)
    assert books["waived"] == sum(each.waived_cents for each in totals)
    assert books["cash"] == paid
    assert books["receivable"] + books["unapplied_cash"] == sum(each.balance_cents for each in totals)
    assert sum(books.values()) == 0
    await place.pool.close()


async def exempt(place: Workplace, account_id: UUID) -> None:
    exemption = Exemption(
        id=UUID(int=77),
        account_id=account_id,
        court_id="nysdc",
        starts_at=NOON - timedelta(days=1),
        ends_at=None,
        must_be_claimed=True,
        reason="appointed under the Criminal Justice Act",
    )
    async with place.pool.acquire() as connection:
        await schedules.insert_exemption(connection, exemption)
