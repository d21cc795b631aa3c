"""Personal tokens in `accounts`: made by their holder, shown once, narrow, ended by what ends sessions."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.rules.personal_tokens import PREFIX, SCOPES
from services.accounts.service import SERVICE
from shared.assertion import Assertion, verify_assertion
from shared.messages.accounts import (
    AccountShown,
    ChangePassword,
    ChangeUserName,
    DeactivateAccount,
    EndOtherSessions,
    MyAccount,
    MyHistory,
    ProveAgain,
    SessionRefused,
    SessionResolved,
)
from shared.messages.accounts.factor_reset import StopMyFactorReset
from shared.messages.accounts.personal_tokens import (
    EndPersonalToken,
    MakePersonalToken,
    MyPersonalTokens,
    NoSuchPersonalToken,
    PersonalTokenAdded,
    PersonalTokenEnded,
    PersonalTokenMade,
    PersonalTokenRefused,
    PersonalTokensShown,
)
from shared.messages.base import Command, Message, NotAllowed, ScopeMissing
from tests.builders_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    Member,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    resolve,
    sealed,
    signing_key,
    tables_holding,
)
from tests.builders_factors import a_recovery, mailed_link
from tests.messaging import Workplace

ALL = ("accounts:read", "linking:read", "linking:write")
Ending = Callable[[Member], Awaitable[Any]]


@pytest.fixture
async def place(workplace_of: Callable[..., Any]) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def make(member: Member, *scopes: str, days: int = 30, name: str = "docket watcher") -> Any:
    """What making a token is answered with."""
    return await member.ask(MakePersonalToken(name=name, scopes=scopes or ALL, days=days))


async def a_token(member: Member, *scopes: str, days: int = 30) -> str:
    made = await make(member, *scopes, days=days)
    assert isinstance(made, PersonalTokenMade), made
    return member.place.open_reply(made, "token")


async def asserted(place: Workplace, token: str, audience: str = "accounts") -> Assertion:
    outcome = await resolve(place, token, audience)
    assert isinstance(outcome, SessionResolved), outcome
    return verify_assertion(outcome.assertion, {"test": signing_key().public_key()}, audience=audience)


async def test_a_token_asks_for_its_holder_within_its_scopes(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await a_token(member, "accounts:read")

    elsewhere = await a_token(member, "linking:read")

    shown = await place.send(MyAccount(), by=await asserted(place, token))
    refused = await place.send(MyAccount(), by=await asserted(place, elsewhere))

    assert isinstance(shown, AccountShown)
    assert shown.account_id == member.account_id
    assert refused == ScopeMissing(scope="accounts:read")


def test_a_scope_to_tell_accounts_something_would_open_nothing_and_there_is_none() -> None:
    told = [kind for kind in SERVICE.received() if issubclass(kind, Command) and kind.spoken_by == "account"]

    assert "accounts:write" not in SCOPES
    assert [kind for kind in told if not kind.is_sensitive] == []


@pytest.mark.parametrize("kind", ["proof", "token", "end", "factor", "deactivation"])
async def test_no_token_carries_a_sensitive_act(place: Workplace, kind: str) -> None:
    member = await a_signed_in_member(place)
    by = await asserted(place, await a_token(member))
    acts: dict[str, Message] = {
        "proof": ProveAgain(password=sealed(place, PASSWORD)),
        "token": MakePersonalToken(name="another", scopes=ALL, days=300),
        "end": EndOtherSessions(),
        "factor": StopMyFactorReset(),
        "deactivation": DeactivateAccount(),
    }

    refused = await place.send(acts[kind], by=by)

    assert refused == ScopeMissing()
    assert isinstance(await member.ask(MyAccount()), AccountShown), "nothing has changed"


async def test_an_assertion_made_from_a_token_says_so_and_carries_no_role(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()
    await place.pool.execute(
        "INSERT INTO role_grants (id, account_id, role, granted_at) VALUES ($1, $2, 'psc', $3)",
        uuid4(),
        member.account_id,
        place.clock(),
    )
    token = await a_token(member, "linking:read")

    of_session, of_token = await member.resolve("linking"), await asserted(place, token, "linking")

    assert [role.role for role in of_session.roles] == ["psc"]
    assert (of_session.scopes, of_token.scopes) == (None, ("linking:read",))
    assert of_token.roles == ()


async def test_a_token_is_as_good_as_its_session_was_and_its_proof_is_as_old_as_the_token(
    place: Workplace,
) -> None:
    plain, enrolled = await a_signed_in_member(place), await an_enrolled_member(place)
    tokens, made_at = [await a_token(each) for each in (plain, enrolled)], place.clock()
    place.clock.forward(minutes=5)
    for token in tokens:
        await asserted(place, token)
    place.clock.forward(minutes=5)

    of_tokens = [await asserted(place, token) for token in tokens]

    assert [(each.level, each.proved_at) for each in of_tokens] == [(1, made_at), (2, made_at)]


async def test_a_token_serves_no_search_though_its_session_does(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await a_token(member)

    of_session, of_token = [await resolve(place, each, "accounts") for each in (member.token, token)]

    assert (of_session.serves_search, of_token.serves_search) == (True, False)


async def test_a_token_is_kept_as_a_hash_shown_once_and_its_holder_is_told(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    token = await a_token(member, "linking:read", "linking:read", "accounts:read")

    history = await member.ask(MyHistory())
    (told,) = await place.emitted(PersonalTokenAdded)
    assert token.startswith(PREFIX)
    assert await tables_holding(place.pool, token) == []
    assert await tables_holding(place.pool, token.removeprefix(PREFIX)) == []
    assert (told.account_id, told.name) == (member.account_id, "docket watcher")
    assert told.scopes == ("accounts:read", "linking:read")
    assert history.acts[0].kind == "personal_token_made"
    assert history.acts[0].details["name"] == "docket watcher"


async def test_its_holder_sees_when_a_token_was_last_used(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await a_token(member)
    before = await member.ask(MyPersonalTokens())
    place.clock.forward(minutes=5)
    await asserted(place, token)

    after = await member.ask(MyPersonalTokens())

    assert isinstance(before, PersonalTokensShown)
    assert [each.last_used_at for each in before.tokens] == [None]
    assert [each.last_used_at for each in after.tokens] == [place.clock()]


async def test_a_token_ends_when_its_days_are_over_and_its_assertion_no_later(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await a_token(member, days=1)
    place.clock.forward(days=1, seconds=-20)
    last = await asserted(place, token)
    place.clock.forward(seconds=20)

    outcome = await resolve(place, token, "accounts")

    assert (last.expires_at - last.issued_at).total_seconds() == 20
    assert isinstance(outcome, SessionRefused)


async def test_its_holder_ends_a_token_and_nobody_else_does(place: Workplace) -> None:
    member, other = await a_signed_in_member(place), await a_signed_in_member(place)
    made = await make(member)
    token = place.open_reply(made, "token")
    still = await asserted(place, token)

    foreign = await other.ask(EndPersonalToken(token_id=made.token_id))
    ended = await member.ask(EndPersonalToken(token_id=made.token_id))
    again = await member.ask(EndPersonalToken(token_id=made.token_id))

    assert (foreign, again) == (NoSuchPersonalToken(), NoSuchPersonalToken())
    assert ended == PersonalTokenEnded(token_id=made.token_id)
    assert isinstance(await resolve(place, token, "accounts"), SessionRefused)
    assert await place.send(MyAccount(), by=still) == NotAllowed(reason="assertion_invalid")


async def test_a_session_that_has_ended_ends_no_token(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    made = await make(member)
    token = place.open_reply(made, "token")
    asked_by = await member.resolve()
    await place.pool.execute("UPDATE sessions SET ended_at = now(), ended_by = 'test'")

    refused = await place.send(EndPersonalToken(token_id=made.token_id), by=asked_by)

    assert refused == NotAllowed(reason="assertion_invalid")
    assert isinstance(await resolve(place, token, "accounts"), SessionResolved)


async def change_password(member: Member) -> None:
    present, new = sealed(member.place, PASSWORD), sealed(member.place, OTHER_PASSWORD)
    await member.ask(ChangePassword(present_password=present, new_password=new))


async def change_user_name(member: Member) -> None:
    await member.ask(ChangeUserName(user_name="quarrel.third"))


async def deactivate(member: Member) -> None:
    await member.ask(DeactivateAccount())


async def recover(member: Member) -> None:
    await member.place.send(a_recovery(member.place, await mailed_link(member)))


@pytest.mark.parametrize("end", [change_password, recover, change_user_name, deactivate, Member.enrol])
async def test_what_ends_sessions_by_itself_ends_tokens(place: Workplace, end: Ending) -> None:
    member = await a_signed_in_member(place)
    token = await a_token(member)

    await end(member)

    assert isinstance(await resolve(place, token, "accounts"), SessionRefused)


async def test_ending_ones_other_sessions_leaves_tokens(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await a_token(member)

    await member.ask(EndOtherSessions())

    assert isinstance(await resolve(place, token, "accounts"), SessionResolved)


async def test_a_scope_that_is_not_known_or_too_long_a_life_is_refused(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    most = place.resources.policies.personal_token_days

    unknown = await make(member, "billing:read")
    too_long = await make(member, days=most + 1)
    longest = await make(member, days=most)

    assert unknown == PersonalTokenRefused(reason="scope_not_known")
    assert too_long == PersonalTokenRefused(reason="lasts_too_long")
    assert isinstance(longest, PersonalTokenMade)


async def test_no_more_tokens_than_the_policy_lets_be_work_at_a_time(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    made = [await make(member) for _ in range(place.resources.policies.personal_tokens)]

    one_more = await make(member)
    await member.ask(EndPersonalToken(token_id=made[0].token_id))
    instead = await make(member)

    assert one_more == PersonalTokenRefused(reason="too_many")
    assert isinstance(instead, PersonalTokenMade)


async def test_a_token_is_made_only_with_a_fresh_proof(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    place.clock.forward(minutes=place.resources.policies.sensitive_proof_minutes, seconds=1)

    refused = await make(member)

    assert refused == NotAllowed(reason="proof_too_old")
    assert await place.pool.fetchval("SELECT count(*) FROM personal_tokens") == 0
