"""A password stays nowhere: not when all goes well, and not when a handler fails in the middle."""

import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
import structlog

from deploy.tool.databases import url_for
from services.accounts.service import SERVICE
from shared.messages.accounts import AccountRegistered, ChangePassword, RegisterAccount, SignInRefused
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.builders_accounts import (
    a_legacy_member,
    a_member,
    a_registration,
    an_upgrade,
    quick_resources,
    sealed,
    sign_in,
    tables_holding,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
PLANTED = "planted-zebra-hops-93"


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """All that was logged, by the program at any level and by libraries as the program writes it."""
    stream = io.StringIO()
    root = logging.getLogger()
    everything = logging.StreamHandler(stream)
    monkeypatch.setattr(root, "handlers", [everything])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    structlog.configure(
        logger_factory=structlog.WriteLoggerFactory(file=stream), cache_logger_on_first_use=False
    )
    yield stream.getvalue
    structlog.reset_defaults()


async def as_owner(place: Workplace, servers: Any, role_passwords: dict[str, str], statement: str) -> None:
    name = await place.pool.fetchval("SELECT current_database()")
    password = role_passwords["accounts_owner"]
    owner = await asyncpg.connect(url_for(servers.postgres_url, "accounts_owner", password, name))
    await owner.execute(statement)
    await owner.close()


async def test_a_password_is_in_no_table_and_no_log_when_all_goes_well(
    place: Workplace, logged: Callable[[], str]
) -> None:
    member = await a_member(place, password=PLANTED)
    await member.sign_in()
    await member.ask(
        ChangePassword(present_password=sealed(place, PLANTED), new_password=sealed(place, f"{PLANTED}-new"))
    )
    legacy = await a_legacy_member(place)
    await legacy.ask(an_upgrade(place, password=PLANTED))
    assert isinstance(await sign_in(place, PLANTED, PLANTED), SignInRefused)

    assert await tables_holding(place.pool, PLANTED) == []
    assert PLANTED not in logged()


async def test_a_password_is_nowhere_when_the_database_fails_in_the_middle(
    place: Workplace, servers: Any, role_passwords: dict[str, str], logged: Callable[[], str]
) -> None:
    await as_owner(
        place,
        servers,
        role_passwords,
        """
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'failed at %', NEW; END $$;
        CREATE TRIGGER fail BEFORE INSERT ON email_verifications FOR EACH ROW EXECUTE FUNCTION fail();
        """,
    )

    judgement, _ = await place.judge(a_registration(place, password=PLANTED))

    assert judgement.verdict is Verdict.RETRY
    assert "P0001" in judgement.error
    assert PLANTED not in judgement.error
    assert await place.pool.fetchval("SELECT count(*) FROM accounts") == 0
    assert await tables_holding(place.pool, PLANTED) == []
    assert PLANTED not in logged()


async def test_a_password_is_nowhere_when_the_program_fails_in_the_middle(
    place: Workplace, logged: Callable[[], str]
) -> None:
    def fail() -> str:
        raise RuntimeError(PLANTED)

    working = place.resources
    place.resources = replace(working, draw_number=fail)
    command: RegisterAccount = a_registration(place, password=PLANTED)

    judgement, _ = await place.judge(command)

    assert judgement.verdict is Verdict.RETRY
    assert "RuntimeError" in judgement.error
    assert PLANTED not in judgement.error
    assert await tables_holding(place.pool, PLANTED) == []
    assert PLANTED not in logged()
    place.resources = working
    assert isinstance(await place.send(command), AccountRegistered)


async def test_nothing_that_was_made_at_the_start_prints_a_key(place: Workplace) -> None:
    printed = f"{place.resources!r} {place.bench!r}"

    assert place.resources.factor_key.hex() not in printed
    assert repr(place.resources.factor_key) not in printed
    assert place.resources.decoy_hash not in printed
