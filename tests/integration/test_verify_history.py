"""Verifying the security histories of all accounts: whatever was done to them in the database shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import asyncpg
import pytest

from deploy.local.servers import Servers
from deploy.tool import verify_history
from deploy.tool.databases import url_for
from deploy.tool.operating import OperatorError
from deploy.tool.verify_history import verify_at
from services.accounts.service import SERVICE
from shared.clock import Clock
from shared.database import open_pool
from tests.builders_accounts import Member, a_member, a_signed_in_member, quick_resources
from tests.messaging import HandClock, Workplace

ALTERED = "was altered"
EMPTIED = "was emptied"
MISSING = "is missing"
CUT = "is missing at the end"
PAST = "was added past the end"
UNCHAINED = "does not follow the entry before it"
REPLACED = "is not the entry that stood here"


@dataclass
class Installed:
    """An installation's accounts, and a login that may do anything to their rows."""

    url: str
    owner: "asyncpg.Connection[asyncpg.Record]"
    place: Workplace
    clock: Clock = field(default_factory=HandClock)
    said: list[str] = field(default_factory=list)

    def database_url(self, _: str) -> str:
        return self.url

    def broker_url(self, _: str) -> str:
        raise NotImplementedError

    def environment(self, _: str, __: Mapping[str, int]) -> dict[str, str]:
        raise NotImplementedError

    async def verify(self, number: str | None = None) -> int:
        self.said.clear()
        return await verify_at(self, number, self.said.append)

    async def number_of(self, member: Member) -> str:
        query = "SELECT account_number FROM accounts WHERE id = $1"
        return str(await self.owner.fetchval(query, member.account_id))


@pytest.fixture
async def installed(
    database_of: Callable[[str], Awaitable[str]], role_passwords: dict[str, str], servers: Servers
) -> AsyncIterator[Installed]:
    url = await database_of("accounts")
    database, role = urlsplit(url).path.lstrip("/"), "accounts_owner"
    owner = await asyncpg.connect(url_for(servers.postgres_url, role, role_passwords[role], database))
    pool = await open_pool(url, size=5, name="test")
    async with quick_resources() as resources:
        yield Installed(url, owner, Workplace(SERVICE, pool, resources))
    await owner.close()
    pool.terminate()


async def test_histories_as_they_were_written_are_whole(installed: Installed) -> None:
    members = [await a_signed_in_member(installed.place) for _ in range(3)]

    status = await installed.verify()
    of_one = await installed.verify(await installed.number_of(members[0]))

    assert (status, of_one) == (0, 0)
    assert installed.said == ["1 histories read, 0 broken"]


@pytest.mark.parametrize(
    ("statement", "entry", "problem"),
    [
        pytest.param("UPDATE history SET kind = 'registered' WHERE {it}", 2, ALTERED, id="kind"),
        pytest.param("UPDATE history SET at = at - interval '1 hour' WHERE {it}", 2, ALTERED, id="time"),
        pytest.param("UPDATE history SET at = '1960-01-01' WHERE {it}", 2, ALTERED, id="time before 1970"),
        pytest.param("UPDATE history SET content = '{{}}x' WHERE {it}", 2, ALTERED, id="content"),
        pytest.param("UPDATE history SET salt = 'x' WHERE {it}", 2, ALTERED, id="salt"),
        pytest.param("UPDATE history SET salt = NULL, content = NULL WHERE {it}", 2, EMPTIED, id="emptied"),
        pytest.param("UPDATE history SET content_hash = 'x' WHERE {it}", 2, ALTERED, id="content's hash"),
        pytest.param("UPDATE history SET entry_hash = 'x' WHERE {it}", 2, ALTERED, id="its hash"),
        pytest.param("UPDATE history SET previous_hash = 'x' WHERE {it}", 2, UNCHAINED, id="link"),
        pytest.param("DELETE FROM history WHERE {it}", 2, MISSING, id="removed from the middle"),
        pytest.param("DELETE FROM history WHERE {his} AND sequence = 1", 1, MISSING, id="removed first"),
        pytest.param("DELETE FROM history WHERE {his} AND sequence = 3", 3, CUT, id="last removed"),
        pytest.param("DELETE FROM history WHERE {his} AND sequence > 1", 2, CUT, id="end removed"),
        pytest.param("DELETE FROM history WHERE {his}", 1, CUT, id="all removed"),
        pytest.param("DELETE FROM history_heads WHERE {his}", 1, PAST, id="head removed"),
        pytest.param(
            "UPDATE history_heads SET sequence = 2, entry_hash ="
            " (SELECT entry_hash FROM history WHERE {it}) WHERE {his}",
            3,
            PAST,
            id="head put back",
        ),
        pytest.param("UPDATE history_heads SET entry_hash = 'x' WHERE {his}", 3, REPLACED, id="head"),
        pytest.param(
            "UPDATE history SET sequence = sequence + 1000 WHERE {his} AND sequence > 1;"
            "UPDATE history SET sequence = sequence - 999 WHERE {his} AND sequence > 1000;"
            "INSERT INTO history SELECT account_id, 2, at, kind, salt, content, content_hash, previous_hash,"
            " 'x' FROM history WHERE {his} AND sequence = 3",
            2,
            ALTERED,
            id="inserted",
        ),
        pytest.param(
            "UPDATE history SET sequence = 5 - sequence + 1000 WHERE {his} AND sequence > 1;"
            "UPDATE history SET sequence = sequence - 1000 WHERE {his} AND sequence > 1000",
            2,
            UNCHAINED,
            id="reordered",
        ),
        pytest.param(
            "INSERT INTO history SELECT account_id, 4, at, kind, salt, content, content_hash, entry_hash, 'x'"
            " FROM history WHERE {his} AND sequence = 3",
            4,
            ALTERED,
            id="added by hand",
        ),
    ],
)
async def test_a_row_of_the_history_edited_in_the_database_is_named(
    installed: Installed, statement: str, entry: int, problem: str
) -> None:
    members = [await a_signed_in_member(installed.place) for _ in range(3)]
    his = f"account_id = '{members[1].account_id}'"

    await installed.owner.execute(statement.format(his=his, it=f"{his} AND sequence = 2"))

    number = await installed.number_of(members[1])
    named = f"account {number}, entry {entry}: {problem}"
    assert await installed.verify() == 1
    assert installed.said == [named, "3 histories read, 1 broken"]
    assert await installed.verify(number) == 1
    assert await installed.verify(await installed.number_of(members[0])) == 0


@pytest.mark.parametrize(("signing_in", "problem"), [(1, CUT), (2, REPLACED), (4, REPLACED)])
async def test_an_end_that_was_cut_off_shows_however_much_is_added_afterwards(
    installed: Installed, signing_in: int, problem: str
) -> None:
    member = await a_signed_in_member(installed.place)
    await member.sign_in()
    await installed.owner.execute("DELETE FROM history WHERE sequence > 2")

    for _ in range(signing_in):
        await member.sign_in()

    assert await installed.verify() == 1
    number = await installed.number_of(member)
    assert installed.said[0] == f"account {number}, entry 4: {problem}"


async def test_the_first_broken_entry_of_each_broken_history_is_named(installed: Installed) -> None:
    members = [await a_signed_in_member(installed.place) for _ in range(3)]

    await installed.owner.execute("UPDATE history SET kind = 'x' WHERE sequence > 1")

    numbers = [await installed.number_of(m) for m in sorted(members, key=lambda m: m.account_id)]
    assert await installed.verify() == 1
    assert installed.said[:-1] == [f"account {number}, entry 2: {ALTERED}" for number in numbers]


async def test_many_histories_are_read_page_by_page(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_history, "ACCOUNTS_A_PAGE", 2)
    monkeypatch.setattr(verify_history, "ENTRIES_A_PAGE", 2)
    members = [await a_signed_in_member(installed.place) for _ in range(5)]
    broken = max(members, key=lambda member: member.account_id)
    whole = await installed.verify()
    await installed.owner.execute(
        "UPDATE history SET kind = 'x' WHERE sequence = 3 AND account_id = $1", broken.account_id
    )

    assert whole == 0
    assert await installed.verify() == 1
    number = await installed.number_of(broken)
    assert installed.said == [f"account {number}, entry 3: {ALTERED}", "5 histories read, 1 broken"]


async def test_what_is_added_while_it_reads_breaks_nothing(installed: Installed) -> None:
    members = [await a_member(installed.place) for _ in range(4)]

    async with asyncio.TaskGroup() as group:
        signing_in = [group.create_task(member.sign_in()) for member in members for _ in range(5)]
        verified = [group.create_task(installed.verify()) for _ in range(5)]

    assert len(signing_in) == 20
    assert [task.result() for task in verified] == [0] * 5


async def test_an_account_that_is_not_there_is_refused(installed: Installed) -> None:
    await a_member(installed.place)

    with pytest.raises(OperatorError, match="there is no account 0000000"):
        await installed.verify("0000000")


async def test_the_service_itself_can_not_move_a_head_back(installed: Installed) -> None:
    await a_member(installed.place)

    for statement in ("UPDATE history_heads SET sequence = 1", "DELETE FROM history_heads"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await installed.place.pool.execute(statement)
