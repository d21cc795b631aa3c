"""What PSC staff do with somebody's account, and that its holder is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import AccountChanged, EndRole, GrantRole, ListRoles, SignedIn, SignInRefused
from shared.messages.accounts.factor_reset import AskFactorReset, StopFactorResetByStaff
from shared.messages.accounts.staff import (
    AccountDeactivatedByStaff,
    AccountReviewed,
    AccountUnlockedByStaff,
    CheckCaller,
    CorrectUnprovedAddress,
    DeactivateByStaff,
    ReviewAccount,
    SearchPrivilegeSet,
    SetSearchPrivilege,
    StaffActRefused,
    UnlockByStaff,
)
from shared.messages.accounts.staff_looks import FindAccounts, HeldAccounts, ShowAccountToStaff
from shared.messages.base import Command, NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    Member,
    a_legacy_member,
    a_member,
    a_psc_member,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    sealed,
    sign_in,
)
from tests.builders_staff import REMARK, a_held_member, kinds_of, newest_acts
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


def acts_on(place: Workplace, member: Member) -> list[Command]:
    """All that PSC staff do with, or see of, somebody's account."""
    whose: dict[str, Any] = {"account_id": member.account_id}
    return [
        ReviewAccount(**whose, decision="release", remark=REMARK),
        UnlockByStaff(**whose, remark=REMARK),
        SetSearchPrivilege(**whose, is_active=False, remark=REMARK),
        DeactivateByStaff(**whose, remark=REMARK),
        CheckCaller(**whose, date_of_birth=sealed(place, "1980-01-01")),
        CorrectUnprovedAddress(**whose, email="ann@chambers.example", remark=REMARK),
        AskFactorReset(**whose, remark=REMARK),
        StopFactorResetByStaff(**whose, remark=REMARK),
        GrantRole(**whose, role="operator"),
        EndRole(**whose, role="operator"),
        ShowAccountToStaff(**whose),
        FindAccounts(user_name=member.user_name),
        HeldAccounts(),
        ListRoles(),
    ]


async def latest_state(place: Workplace, member: Member) -> AccountChanged:
    changed = await place.emitted(AccountChanged)
    return max((each for each in changed if each.account_id == member.account_id), key=lambda c: c.version)


async def test_a_released_account_works_as_any_other(place: Workplace) -> None:
    psc, (held, _) = await a_psc_member(place), await a_held_member(place)

    outcome = await psc.ask(ReviewAccount(account_id=held.account_id, decision="release", remark=REMARK))

    assert outcome == AccountReviewed(
        account_id=held.account_id, decision="release", remark=REMARK, actor_account_id=psc.account_id
    )
    assert await place.emitted(AccountReviewed) == [outcome]
    state = await latest_state(place, held)
    assert (state.status, state.is_search_active, state.email_verified) == ("active", True, True)
    await held.sign_in()
    details = {"decision": "release", "remark": REMARK, "actor_account_id": str(psc.account_id)}
    assert (await newest_acts(held, 2))[1] == ("reviewed", details)


async def test_an_account_that_is_not_released_is_ended(place: Workplace) -> None:
    psc, (held, _) = await a_psc_member(place), await a_held_member(place)
    await held.sign_in()

    await psc.ask(ReviewAccount(account_id=held.account_id, decision="deactivate", remark=REMARK))

    state = await latest_state(place, held)
    assert (state.status, state.is_search_active) == ("deactivated", False)
    assert isinstance(await held.sign_in(), SignInRefused)
    assert await place.pool.fetchval("SELECT count(*) FROM sessions WHERE ended_by = 'staff'") == 1


async def test_an_account_is_decided_on_once_even_at_once(place: Workplace) -> None:
    psc, (held, _) = await a_psc_member(place), await a_held_member(place)

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(
                psc.ask(ReviewAccount(account_id=held.account_id, decision=decision, remark=REMARK))
            )
            for decision in ("release", "deactivate")
        ]

    outcomes = [task.result() for task in asked]
    assert outcomes.count(StaffActRefused(reason="not_held")) == 1
    assert len(await place.emitted(AccountReviewed)) == 1


async def test_an_unlocked_account_signs_in_at_once(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    for _ in range(5):
        await sign_in(place, member.user_name, OTHER_PASSWORD)
    place.clock.forward(seconds=30)
    locked = await member.sign_in()

    outcome = await psc.ask(UnlockByStaff(account_id=member.account_id, remark=REMARK))

    assert isinstance(locked, SignInRefused)
    assert outcome == AccountUnlockedByStaff(
        account_id=member.account_id, remark=REMARK, actor_account_id=psc.account_id
    )
    assert isinstance(await member.sign_in(), SignedIn)
    details = {"remark": REMARK, "actor_account_id": str(psc.account_id)}
    assert (await newest_acts(member, 2))[1] == ("unlocked_by_staff", details)


async def test_unlocking_forgets_wrong_passcodes_too(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    for _ in range(5):
        await member.sign_in(passcode="000000")
    place.clock.forward(seconds=30)
    locked = await member.sign_in()

    await psc.ask(UnlockByStaff(account_id=member.account_id, remark=REMARK))
    place.clock.forward(seconds=30)

    assert isinstance(locked, SignInRefused)
    assert isinstance(await member.sign_in(), SignedIn)


async def test_search_is_switched_off_and_on_and_the_status_stays(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_signed_in_member(place)

    off = await psc.ask(SetSearchPrivilege(account_id=member.account_id, is_active=False, remark=REMARK))
    while_off = await latest_state(place, member)
    await psc.ask(SetSearchPrivilege(account_id=member.account_id, is_active=True, remark=REMARK))
    after = await latest_state(place, member)

    assert off == SearchPrivilegeSet(
        account_id=member.account_id, is_active=False, remark=REMARK, actor_account_id=psc.account_id
    )
    assert (while_off.status, while_off.is_search_active) == ("active", False)
    assert (after.status, after.is_search_active) == ("active", True)
    assert [kind for kind, _ in await newest_acts(member, 2)] == ["search_activated", "search_inactivated"]


async def test_an_account_ended_by_staff_is_out_in_mid_session(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_signed_in_member(place)

    outcome = await psc.ask(DeactivateByStaff(account_id=member.account_id, remark=REMARK))

    assert outcome == AccountDeactivatedByStaff(
        account_id=member.account_id, remark=REMARK, actor_account_id=psc.account_id
    )
    assert (await latest_state(place, member)).status == "deactivated"
    assert await place.pool.fetchval(
        "SELECT every(ended_by = 'staff') FROM sessions WHERE account_id = $1", member.account_id
    )
    assert (await kinds_of(member))[0] == "deactivated_by_staff"


async def test_what_is_refused_says_why_and_stands_in_the_history_too(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_signed_in_member(place)
    firm = await a_member(place, kind="paa")
    legacy = await a_legacy_member(place)
    (held, _), gone = await a_held_member(place), await a_member(place)
    await psc.ask(DeactivateByStaff(account_id=gone.account_id, remark=REMARK))

    wanted: list[tuple[Member, Command, str]] = [
        (member, ReviewAccount(account_id=member.account_id, decision="release", remark=REMARK), "not_held"),
        (member, UnlockByStaff(account_id=member.account_id, remark=REMARK), "not_locked"),
        (gone, DeactivateByStaff(account_id=gone.account_id, remark=REMARK), "already_deactivated"),
        *(
            (who, SetSearchPrivilege(account_id=who.account_id, is_active=True, remark=REMARK), reason)
            for who, reason in (
                (member, "already_so"),
                (firm, "not_an_individual"),
                (legacy, "not_upgraded"),
                (held, "not_active"),
                (gone, "not_active"),
            )
        ),
    ]
    for who, command, reason in wanted:
        assert await psc.ask(command) == StaffActRefused(reason=reason)  # type: ignore[arg-type]
        assert (await kinds_of(who))[0] == "staff_act_refused"


async def test_nobody_acts_on_an_account_of_their_own_or_on_none(place: Workplace) -> None:
    psc = await a_psc_member(place)
    nobody = Member(place, uuid4(), "nobody", "")

    for who, reason in ((psc, "own_account"), (nobody, "account_not_found")):
        for command in acts_on(place, who)[:7]:
            assert await psc.ask(command) == StaffActRefused(reason=reason)  # type: ignore[arg-type]


async def test_only_psc_staff_with_both_factors_proved_just_now_act_or_look(place: Workplace) -> None:
    psc, member, clerk = await a_psc_member(place), await a_member(place), await an_enrolled_member(place)
    await psc.ask(GrantRole(account_id=clerk.account_id, role="court_staff"))
    commands = acts_on(place, member)

    by_others = {await clerk.ask(command) for command in commands}
    place.clock.forward(minutes=11)
    by_stale = {await psc.ask(command) for command in acts_on(place, member)}
    await place.pool.execute("UPDATE sessions SET level = 1 WHERE account_id = $1", psc.account_id)
    by_one_factor = {await psc.ask(command) for command in acts_on(place, member)}

    assert all(command.is_sensitive for command in commands)
    assert by_others == {NotAllowed(reason="role_missing")}
    assert by_stale == {NotAllowed(reason="proof_too_old")}
    assert by_one_factor == {NotAllowed(reason="session_level_too_low")}
    assert await kinds_of(member) == ["email_verified", "registered"]


async def test_no_message_of_a_paa_administrator_changes_a_members_account(place: Workplace) -> None:
    firm = await a_signed_in_member(place, kind="paa")
    await firm.enrol()
    member = await a_member(place)
    before = await place.pool.fetchrow("SELECT * FROM accounts WHERE id = $1", member.account_id)

    outcomes = {await firm.ask(command) for command in acts_on(place, member)}

    assert outcomes == {NotAllowed(reason="role_missing")}
    assert before == await place.pool.fetchrow("SELECT * FROM accounts WHERE id = $1", member.account_id)
    assert await kinds_of(member) == ["email_verified", "registered"]


async def test_who_may_name_another_account_in_a_command_is_staff(place: Workplace) -> None:
    commands = {kind for kind in SERVICE.received() if issubclass(kind, Command)}
    of_people = {kind for kind in commands if kind.spoken_by == "account"}

    naming_another = {kind for kind in of_people if "account_id" in kind.__struct_fields__}

    assert len(naming_another) >= 10
    assert naming_another <= {type(act) for act in acts_on(place, Member(place, uuid4(), "x", ""))}
