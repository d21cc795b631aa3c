"""Guessing CM/ECF passwords: counted before hashing, answered alike, and nothing of it kept."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.tool.databases import url_for
from shared.messages.linking import (
    FilingAccountProved,
    LinkRefused,
    ProveFilingAccount,
    ProvingBusy,
)
from shared.messaging.judge import Verdict
from shared.sealed import to_be_sealed
from tests.integration.linking_builders import (
    COURT,
    PASSWORD,
    CountingThreads,
    Make,
    a_row,
    a_workplace,
    linked,
    load,
    prove,
    somebody,
    text_of_all_tables,
    verifier_of,
)
from tests.messaging import Workplace

WRONG = LinkRefused(court_id=COURT, reason="login_or_password_wrong")
TOO_MANY = LinkRefused(court_id=COURT, reason="too_many_attempts")
PLANTED = "Plånted-Secret-0815"


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


@pytest.fixture
async def as_owner(
    place: Workplace, servers: Any, role_passwords: dict[str, str]
) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """Runs a statement as the owner of the database's tables."""
    name = await place.pool.fetchval("SELECT current_database()")
    url = url_for(servers.postgres_url, "linking_owner", role_passwords["linking_owner"], name)
    connection = await asyncpg.connect(url)
    yield connection.execute
    await connection.close()


async def in_parallel(*guesses: Any) -> list[Any]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(guess) for guess in guesses]
    return [task.result() for task in tasks]


async def test_brute_force_by_account_ends_after_five_even_with_the_right_password(
    place: Workplace,
) -> None:
    who = somebody(place)
    wrong = [await prove(place, who, password=f"guess {n}", login=f"login{n}") for n in range(5)]

    right = await prove(place, who)
    someone_else = await prove(place, somebody(place))

    assert wrong == [WRONG] * 5
    assert right == TOO_MANY
    assert isinstance(someone_else, FilingAccountProved)


async def test_brute_force_by_login_ends_after_ten_whoever_guesses_and_whether_or_not_it_exists(
    place: Workplace,
) -> None:
    known = [await prove(place, somebody(place), password="x") for _ in range(11)]
    unknown = [await prove(place, somebody(place), password="x", login="nobody") for _ in range(11)]

    assert known == unknown == [WRONG] * 10 + [TOO_MANY]


async def test_brute_force_spread_over_many_ends_at_the_limit_of_the_court(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of, proof_failures_per_court=12)
    await load(place)
    await load(place, court_id="waebk")

    outcomes = [await prove(place, somebody(place), password="x", login=f"login{n}") for n in range(13)]
    elsewhere = await prove(place, somebody(place), court_id="waebk")

    assert outcomes == [WRONG] * 12 + [TOO_MANY]
    assert isinstance(elsewhere, FilingAccountProved)


async def test_fifty_parallel_guesses_of_one_account_are_hashed_five_times(place: Workplace) -> None:
    who = somebody(place)

    outcomes = await in_parallel(*(prove(place, who, password=f"guess {n}") for n in range(50)))

    assert (outcomes.count(WRONG), outcomes.count(TOO_MANY)) == (5, 45)
    assert place.resources.hashing.run_count == 5


async def test_fifty_people_guessing_one_login_at_once_are_hashed_ten_times(place: Workplace) -> None:
    outcomes = await in_parallel(*(prove(place, somebody(place), password=f"guess {n}") for n in range(50)))

    assert (outcomes.count(WRONG), outcomes.count(TOO_MANY)) == (10, 40)
    assert place.resources.hashing.run_count == 10


async def test_who_is_over_the_own_limit_does_not_use_up_the_logins_or_the_courts(place: Workplace) -> None:
    who = somebody(place)
    for _ in range(30):
        await prove(place, who, password="x")

    assert isinstance(await prove(place, somebody(place)), FilingAccountProved)
    rows = await place.pool.fetch("SELECT scope, failure_count FROM throttles WHERE scope <> 'account'")
    assert {row["scope"]: row["failure_count"] for row in rows} == {"login": 5, "court": 5}


async def test_whom_others_guesses_keep_out_at_a_login_proves_at_another_court(place: Workplace) -> None:
    await load(place, court_id="waebk")
    holder, guessers = somebody(place), (somebody(place), somebody(place))
    guesses = [await prove(place, who, password="x") for who in guessers for _ in range(5)]

    kept_out = [await prove(place, holder) for _ in range(5)]
    at_once = await in_parallel(*(prove(place, holder) for _ in range(10)))

    assert (guesses, kept_out, at_once) == ([WRONG] * 10, [TOO_MANY] * 5, [TOO_MANY] * 10)
    assert isinstance(await prove(place, holder, court_id="waebk"), FilingAccountProved)
    assert place.resources.hashing.run_count == 11


async def test_whom_others_guesses_keep_out_at_a_court_uses_up_nothing_of_the_login(
    workplace_of: Make,
) -> None:
    place = await a_workplace(workplace_of, proof_failures_per_court=3)
    await load(place)
    for number in range(3):
        await prove(place, somebody(place), login=f"login{number}")

    outcomes = [await prove(place, somebody(place)) for _ in range(11)]

    assert outcomes == [TOO_MANY] * 11
    rows = await place.pool.fetch("SELECT scope, failure_count FROM throttles ORDER BY 2, 1")
    assert [tuple(row) for row in rows if row["failure_count"] == 0] == [("account", 0)] * 11 + [("login", 0)]


async def test_a_right_proof_takes_back_its_own_attempt_only(place: Workplace) -> None:
    who = somebody(place)
    for _ in range(4):
        await prove(place, who, password="x")
    for _ in range(3):
        assert isinstance(await prove(place, who), FilingAccountProved)

    last, over = await prove(place, who, password="x"), await prove(place, who)

    assert (last, over) == (WRONG, TOO_MANY)


async def test_the_window_ends_after_fifteen_minutes(place: Workplace) -> None:
    who = somebody(place)
    for _ in range(6):
        await prove(place, who, password="x")

    place.clock.forward(minutes=14, seconds=59)
    still = await prove(place, renewed(place, who))
    place.clock.forward(seconds=1)

    assert still == TOO_MANY
    assert isinstance(await prove(place, renewed(place, who)), FilingAccountProved)


def renewed(place: Workplace, who: Any) -> Any:
    return somebody(place, account_id=who.account_id, session_id_hash=who.session_id_hash)


async def test_an_unknown_login_costs_one_hash_like_a_wrong_password(place: Workplace) -> None:
    hashing = place.resources.hashing

    await prove(place, somebody(place), password="x")
    after_known = hashing.run_count
    before_all = await prove(place, somebody(place), password=PASSWORD, login="aaa")
    after_all = await prove(place, somebody(place), password=PASSWORD, login="zzz")
    empty = await prove(place, somebody(place), password=PASSWORD, login="   ")

    assert before_all == after_all == empty == WRONG
    assert (after_known, hashing.run_count) == (1, 4)


async def test_the_login_counts_as_written(place: Workplace) -> None:
    assert await prove(place, somebody(place), login="JPUBLIC") == WRONG
    assert isinstance(await prove(place, somebody(place), login=" jpublic "), FilingAccountProved)


async def test_over_the_limit_of_waiting_hashes_the_answer_is_busy_and_costs_no_attempt(
    workplace_of: Make,
) -> None:
    place = await a_workplace(workplace_of, waiting_limit=1)
    await load(place)

    outcomes = await in_parallel(*(prove(place, somebody(place), password="x") for _ in range(8)))

    busy = [outcome for outcome in outcomes if isinstance(outcome, ProvingBusy)]
    assert busy
    assert outcomes.count(WRONG) == 8 - len(busy)
    counted = await place.pool.fetchval("SELECT failure_count FROM throttles WHERE scope = 'login'")
    assert counted == 8 - len(busy)


async def test_a_password_that_the_court_changes_while_it_is_checked_proves_nothing(
    place: Workplace,
) -> None:
    class Meanwhile(CountingThreads):
        async def run(self, work: Callable[[], Any]) -> Any:
            result = await super().run(work)
            await load(place, verifiers=[verifier_of("A-New-Secret-12")])
            return result

    place.resources = replace(place.resources, hashing=Meanwhile())

    assert await prove(place, somebody(place)) == WRONG
    assert await place.pool.fetchval("SELECT count(*) FROM proofs") == 0


async def test_a_delivery_repeated_costs_an_attempt_and_no_more(place: Workplace) -> None:
    who, message_id = somebody(place), None
    password = to_be_sealed("x", reader="linking", expires_at=place.clock() + timedelta(minutes=1))
    command = ProveFilingAccount(court_id=COURT, login="jpublic", password=password)

    _, envelope = await place.judge(command, by=who, message_id=message_id)
    await place.judge(command, by=who, message_id=envelope.message_id)

    count = await place.pool.fetchval("SELECT failure_count FROM throttles WHERE scope = 'account'")
    assert count == 2


async def test_counts_and_proofs_that_are_over_are_forgotten(place: Workplace) -> None:
    await prove(place, somebody(place))
    await prove(place, somebody(place), password="x")

    early = await place.work_off("forget_old_proofs")
    place.clock.forward(days=1, minutes=16)
    late = await place.work_off("forget_old_proofs")

    assert (early, late) == (0, 1)
    assert await place.pool.fetchval("SELECT count(*) FROM proofs") == 0
    assert await place.pool.fetchval("SELECT count(*) FROM throttles") == 0


async def test_a_password_rests_nowhere_and_is_logged_nowhere(
    place: Workplace, as_owner: Any, caplog: Any, capsys: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    await load(place, verifiers=[verifier_of(PLANTED)])
    judgements = []

    await linked(place, somebody(place), password=PLANTED)
    await prove(place, somebody(place), password=PLANTED + "x")
    await prove(place, somebody(place), login=PLANTED, password="x")
    for table in ("proofs", "conflicts", "throttles"):
        await as_owner(f"REVOKE INSERT ON {table} FROM linking")
        judgements.append(await judged(place, uuid4()))

    assert [judgement.verdict for judgement in judgements] == [
        Verdict.ACKNOWLEDGE,
        Verdict.RETRY,
        Verdict.RETRY,
    ]
    assert "sqlstate=42501" in judgements[1].error
    told = capsys.readouterr()
    errors = [judgement.error for judgement in judgements]
    texts = [await text_of_all_tables(place.pool), caplog.text, told.out, told.err, *errors]
    fast_digest = verifier_of(PLANTED).partition("$")[2]
    for text in texts:
        assert PLANTED not in text
        assert fast_digest not in text
    assert "jpublic" in texts[0]


async def judged(place: Workplace, account_id: UUID) -> Any:
    sealed = to_be_sealed(PLANTED, reader="linking", expires_at=place.clock() + timedelta(minutes=1))
    command = ProveFilingAccount(court_id=COURT, login="jpublic", password=sealed)
    judgement, _ = await place.judge(command, by=somebody(place, account_id=account_id))
    return judgement
