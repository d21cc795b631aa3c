"""The service as a process of its own, asked through the broker: it links, and it gives no password away."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from deploy.local.servers import Servers
from deploy.tool.databases import url_for
from shared.assertion import Assertion, Role, sign_assertion
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.errors import RequestError
from shared.messages.base import Failed, Malformed, Message
from shared.messages.linking import (
    ConfirmLink,
    CourtList,
    FilingAccountLinked,
    FilingAccountProved,
    FilingRights,
    ListCourts,
    ProveFilingAccount,
    RosterLoaded,
    WhatMayIFile,
)
from shared.messaging.ids import new_id
from shared.messaging.registry import read_contracts
from shared.messaging.requests import Requests
from shared.sealed import Sealed, to_be_sealed
from tests.installation import Installation, asking, start_process, until
from tests.integration.linking_builders import COURT, a_roster, a_row, text_of_all_tables, verifier_of
from tests.messaging import an_assertion, made_for, seals_of, signing_key

PLANTED = "Planted-Secret-0815"


@dataclass
class Linking:
    """A running process of the service, and who asks it."""

    portal: Requests
    pool: Pool
    owner: Any
    log: Path

    async def ask(self, message: Message, by: Assertion | None = None) -> Message:
        message_id = new_id(real_clock())
        signed = (
            None if by is None else sign_assertion(made_for(by, message, message_id), signing_key(), "test")
        )
        return (await self.portal.ask(message, assertion=signed, message_id=message_id)).message

    async def prove(self, by: Assertion, login: str = "jpublic") -> Message:
        expires_at = real_clock() + timedelta(minutes=1)
        password = to_be_sealed(PLANTED, reader="linking", expires_at=expires_at)
        return await self.ask(ProveFilingAccount(court_id=COURT, login=login, password=password), by)


@pytest.fixture
async def linking(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    tmp_path: Path,
) -> AsyncIterator[Linking]:
    installation = Installation(servers=servers, folder=tmp_path)
    installation.build(read_contracts().values())
    url, log = await database_of("linking"), tmp_path / "linking.log"
    pool = await open_pool(url, size=2, name="test")
    name = await pool.fetchval("SELECT current_database()")
    owner = await asyncpg.connect(
        url_for(servers.postgres_url, "linking_owner", role_passwords["linking_owner"], name)
    )
    process = start_process("services.linking", installation.environment("linking", url), log)
    async with asking(installation, real_clock) as portal:
        made = Linking(portal, pool, owner, log)

        async def is_answering() -> bool:
            try:
                return isinstance(await made.ask(ListCourts()), CourtList)
            except RequestError:
                return False

        await until(is_answering, f"the service answers: {log}")
        yield made
    process.terminate()
    assert await asyncio.to_thread(process.wait, 20) == 0
    await owner.close()
    pool.terminate()
    installation.remove()


async def test_a_filing_account_is_linked_and_its_password_is_nowhere(linking: Linking) -> None:
    now = real_clock()
    clerk = an_assertion("linking", now, roles=(Role(role="court_staff", court_id=COURT),))
    who, other = an_assertion("linking", now), an_assertion("linking", now)
    loaded = await linking.ask(a_roster(now, a_row(), verifiers=[verifier_of(PLANTED)]), clerk)
    proof = await linking.prove(who)
    assert isinstance(loaded, RosterLoaded)
    assert isinstance(proof, FilingAccountProved)

    linked = await linking.ask(ConfirmLink(proof_id=proof.proof_id), who)
    await linking.prove(other, login=PLANTED)
    await linking.owner.execute("REVOKE INSERT ON conflicts FROM linking")
    failed = await linking.prove(other)
    rights = await linking.ask(WhatMayIFile(), who)

    assert isinstance(linked, FilingAccountLinked)
    assert isinstance(failed, Failed)
    assert isinstance(rights, FilingRights)
    assert [right.link_id for right in rights.rights] == [linked.link_id]
    tables, log = await text_of_all_tables(linking.pool), linking.log.read_text()
    assert "42501" in log
    assert "parked_messages" in tables
    for text in (tables, log):
        assert PLANTED not in text
        assert verifier_of(PLANTED).partition("$")[2] not in text


async def test_a_parked_roster_leaves_no_verifier_readable(linking: Linking) -> None:
    now = real_clock()
    clerk = an_assertion("linking", now, roles=(Role(role="court_staff", court_id=COURT),))
    planted, many = verifier_of(PLANTED), [a_row(f"jpublic{n}", line=n) for n in range(2, 203)]
    await linking.owner.execute("REVOKE INSERT ON filing_accounts FROM linking")

    answers = [
        await linking.ask(a_roster(now, a_row(), verifiers=[planted]), clerk),
        await linking.ask(a_roster(now, a_row(role=7), verifiers=[planted]), clerk),
        await linking.ask(a_roster(now, *many, verifiers=[planted] * len(many)), clerk),
        await linking.ask(a_roster(now - timedelta(hours=1), a_row(), verifiers=[planted]), clerk),
    ]

    async def all_parked() -> list[Any]:
        rows = await linking.pool.fetch("SELECT reason, body, message_id FROM parked_messages")
        return rows if len(rows) == len(answers) else []

    parked = await until(all_parked, "all four are parked")
    assert [type(answer) for answer in answers] == [Failed, Malformed, Malformed, Failed]
    assert sorted(row["reason"] for row in parked) == ["failed", "poison", "undecodable", "undecodable"]
    for row in parked:
        verifiers = msgspec.convert(json.loads(row["body"])["verifiers"], Sealed)
        kept = seals_of("linking").open_value(
            verifiers, row["message_id"], "verifiers", now - timedelta(hours=2)
        )
        assert set(json.loads(kept)) == {planted}
        assert "jpublic" in row["body"].decode()
    tables, log = await text_of_all_tables(linking.pool), linking.log.read_text()
    for text in (tables, log, *map(str, answers)):
        assert planted.partition("$")[2] not in text
