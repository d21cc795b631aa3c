"""What holds for any usage and any joining, through broker and database, as hypothesis draws examples."""

import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from deploy.local.servers import Servers
from deploy.tool import clock
from shared.messages import paa_billing
from shared.messages.base import Message
from shared.messaging.ids import new_id
from tests.system.asking import Postbox, a_desk
from tests.system.billing import close, statements_of, wait_until_closed
from tests.system.place import Place
from tests.system.plans import (
    AMOUNTS,
    COURTS,
    PLANS,
    USES,
    Plan,
    Use,
    anonymous,
    expected_amounts,
    records_of,
    stated_amounts,
)
from tests.system.running import a_system

CHICAGO = ZoneInfo("America/Chicago")
OPENING = datetime(2024, 2, 1, 9, 0, tzinfo=CHICAGO)
ANY_USE = Use(court_id=COURTS[0], kind="document", pages=1, minute=0, client_code="")
MOMENT = timedelta(microseconds=1)
ROUNDS = st.lists(
    st.lists(st.sampled_from(("join 0", "join 1", "leave")), min_size=1, max_size=3), max_size=3
)
REFUSALS = {"paid_by_another_firm", "invitation_not_open", "not_a_member"}
PHASES = (Phase.generate,)
"""Without shrinking: each example takes a second, and the smallest that fails would take minutes."""
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
async def place(servers: Servers, system_folder: Path) -> AsyncIterator[Place]:
    async with a_system(servers, system_folder / "properties", COURTS, begins_at=OPENING) as system:
        await system.start()
        yield Place(system, Postbox(system.story.mail))


@settings(max_examples=8, deadline=None, phases=PHASES)
@given(uses=USES, data=st.data())
async def test_the_same_uses_in_any_order_and_batches_become_the_same_lines(
    place: Place, uses: list[Use], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(uses))))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(uses)), max_size=3)))
    repeated = data.draw(st.sampled_from(order))
    async with a_desk(place.system) as desk:
        first, second = await place.join_up(desk, 2)
        since = desk.now() - timedelta(hours=11)
        in_order, to_shuffle = records_of(first, uses, since), records_of(second, uses, since)
    shuffled = [to_shuffle[index] for index in order]
    batches = [shuffled[begin:end] for begin, end in itertools.pairwise([0, *cuts, len(uses)])]

    await place.report([in_order])
    await place.report([*batches, [to_shuffle[repeated]]])

    assert len(await place.lines_of(first)) == len(uses)
    assert await place.lines_of(second) == await place.lines_of(first)


@settings(max_examples=2, deadline=None, phases=PHASES)
@given(plans=PLANS)
async def test_statements_say_the_same_and_each_cent_is_due_waived_exempt_or_credited(
    place: Place, plans: list[Plan]
) -> None:
    system = place.system
    async with a_desk(system) as desk:
        since, quarter, quarter_end = desk.now(), quarter_of(desk.now()), end_of_quarter(desk.now())
        people = await place.join_up(desk, 2 * len(plans))
        twins = list(zip(people[::2], people[1::2], plans, strict=True))
        for first, second, plan in twins:
            await place.prepare(first, plan)
            await place.prepare(second, plan)
        await clock.forward(system.story, quarter_end - timedelta(hours=1))
        await place.report([[r for first, _, plan in twins for r in records_of(first, plan.uses, since)]])
        single = [[r] for _, second, plan in twins for r in records_of(second, plan.uses, since)]
        await place.report(single[::-1])
        await clock.forward(system.story, quarter_end + timedelta(days=2))
        await close(desk, quarter, new_id(desk.now()))
        await wait_until_closed(system, quarter)

    statements = await statements_of(system, quarter)

    for first, second, plan in twins:
        assert anonymous(statements[first.id]) == anonymous(statements[second.id])
        assert stated_amounts(statements[first.id]) == expected_amounts(plan)
    for statement in statements.values():
        gross, *parts = stated_amounts(statement)
        assert gross == sum(parts), AMOUNTS


def quarter_of(instant: datetime) -> str:
    local = instant.astimezone(CHICAGO)
    return f"{local.year}-Q{(local.month + 2) // 3}"


def end_of_quarter(instant: datetime) -> datetime:
    """The first instant of the next quarter."""
    local = instant.astimezone(CHICAGO)
    month = (local.month + 2) // 3 * 3 + 1
    return datetime(local.year + month // 13, (month - 1) % 12 + 1, 1, tzinfo=CHICAGO)


@settings(max_examples=6, deadline=None, phases=PHASES)
@given(rounds=ROUNDS)
async def test_two_firms_never_pay_for_one_person_at_the_same_instant(
    place: Place, rounds: list[list[str]]
) -> None:
    async with a_desk(place.system) as desk:
        await place.found_firms(desk)
        (person,) = await place.join_up(desk, 1)
        replies: list[Message] = []
        for acts in (["join 0", "join 1"], *rounds):
            replies += await place.act_at_once(person, acts)
    periods = await place.system.rows(
        "paa_billing",
        "SELECT paa_id, joined_at, left_at FROM memberships WHERE account_id = $1 ORDER BY joined_at",
        person.id,
    )
    edges = [at for row in periods for at in (row["joined_at"], row["left_at"]) if at is not None]
    instants = sorted({at + shift for at in edges for shift in (-MOMENT, 0 * MOMENT, MOMENT)})
    uses = records_of(person, [ANY_USE] * len(instants), edges[0])
    reported = zip(uses, instants, strict=True)
    await place.report([[(c, msgspec.structs.replace(use, used_at=at)) for (c, use), at in reported]])
    lines = await place.system.rows(
        "paa_billing",
        "SELECT used_at, paa_id FROM usage_lines WHERE account_id = $1 ORDER BY used_at",
        person.id,
    )

    joined = [reply.paa_id for reply in replies if isinstance(reply, paa_billing.MemberJoined)]
    left = [reply for reply in replies if isinstance(reply, paa_billing.MemberLeft)]
    refused = [reply.reason for reply in replies if isinstance(reply, paa_billing.FirmRefused)]
    assert len(joined) + len(left) + len(refused) == len(replies)
    assert set(refused) <= REFUSALS
    assert sorted(joined) == sorted(row["paa_id"] for row in periods)
    assert len(left) == len([row for row in periods if row["left_at"] is not None])
    for before, after in itertools.pairwise(periods):
        assert before["left_at"] is not None
        assert before["left_at"] <= after["joined_at"]
    paying = {
        at: {
            row["paa_id"]
            for row in periods
            if row["joined_at"] <= at and (row["left_at"] is None or at < row["left_at"])
        }
        for at in instants
    }
    assert {line["used_at"]: {line["paa_id"]} - {None} for line in lines} == paying
