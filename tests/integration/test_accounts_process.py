"""The service as a process of its own, asked through the broker: somebody registers and is known."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.local.servers import Servers
from deploy.tool.bootstrap import make_first
from deploy.tool.operating import OperatorError
from services.accounts.settings import Settings
from shared.assertion import verify_assertion
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.errors import RequestError
from shared.messages.accounts import (
    AccountRegistered,
    AccountShown,
    EmailVerificationAsked,
    EmailVerified,
    LegacyAccountsLoaded,
    LoadLegacyAccounts,
    MyAccount,
    RegisterAccount,
    RegistrationRefused,
    ResolveSession,
    SessionResolved,
    SignedIn,
    SignIn,
    SignInRefused,
    VerifyEmail,
)
from shared.messages.base import Message
from shared.messaging.registry import decode, read_contracts
from shared.messaging.requests import Requests
from shared.sealed import Sealed, to_be_sealed
from tests.builders_accounts import a_legacy_row, a_person, a_user_name, sha256_verifier, tables_holding
from tests.installation import Installation, asking, start_process, until
from tests.messaging import seals_of, signing_key

PLANTED = "planted-otter-hops-57"


def sealed(text: str) -> Sealed:
    return to_be_sealed(text, reader="accounts", expires_at=real_clock() + timedelta(minutes=1))


@dataclass
class Accounts:
    """A running process of the service, and who asks it."""

    portal: Requests
    operator: Requests
    pool: Pool
    log: Path

    async def ask(self, message: Message, assertion: str | None = None) -> Any:
        return (await self.portal.ask(message, assertion=assertion)).message

    async def mailed_token(self) -> str:
        """The token in the one event that asks for a verification, whether it is published yet or not."""
        (row,) = await self.pool.fetch(
            """
            SELECT message_id, type, body FROM outbox WHERE type = $1
            UNION ALL
            SELECT message_id, type, body FROM announced WHERE type = $1
            """,
            EmailVerificationAsked.message_name(),
        )
        event = decode(row["type"], row["body"])
        return seals_of("notify").open(event, row["message_id"], "token", real_clock())


@pytest.fixture
async def accounts(
    servers: Servers, database_of: Callable[[str], Awaitable[str]], tmp_path: Path
) -> AsyncIterator[Accounts]:
    installation = Installation(servers=servers, folder=tmp_path)
    installation.build(read_contracts().values())
    url, log = await database_of("accounts"), tmp_path / "accounts.log"
    pool = await open_pool(url, size=2, name="test")
    own = {
        "NEXTGEN_ACCOUNTS_SIGNING_KEY": signing_key().private_bytes_raw().hex(),
        "NEXTGEN_ACCOUNTS_SIGNING_KEY_ID": "test",
        "NEXTGEN_ACCOUNTS_FACTOR_KEY": "5c" * 32,
    }
    process = start_process("services.accounts", installation.environment("accounts", url, **own), log)
    async with (
        asking(installation, real_clock) as portal,
        asking(installation, real_clock, party="operator") as operator,
    ):
        made = Accounts(portal, operator, pool, log)

        async def is_answering() -> bool:
            try:
                return isinstance(await made.ask(VerifyEmail(token=sealed("nothing"))), Message)
            except RequestError:
                return False

        await until(is_answering, f"the service answers: {log}")
        yield made
    process.terminate()
    assert await asyncio.to_thread(process.wait, 20) == 0
    pool.terminate()
    installation.remove()


async def test_somebody_registers_signs_in_and_is_known_and_the_password_is_nowhere(
    accounts: Accounts,
) -> None:
    user_name = a_user_name()
    command = RegisterAccount(person=a_person(), user_name=user_name, password=sealed(PLANTED))

    registered = await accounts.ask(command)
    taken = await accounts.ask(command)
    verified = await accounts.ask(VerifyEmail(token=sealed(await accounts.mailed_token())))
    refused = await accounts.ask(SignIn(user_name=user_name, password=sealed(f"{PLANTED}-not")))
    answer = await accounts.portal.ask(SignIn(user_name=user_name, password=sealed(PLANTED)))
    token = accounts.portal.open(answer, "token")
    resolved = await accounts.ask(ResolveSession(token=sealed(token), audience="accounts"))
    shown = await accounts.ask(MyAccount(), assertion=resolved.assertion)

    assert isinstance(registered, AccountRegistered)
    assert taken == RegistrationRefused(reason="user_name_taken", field="user_name")
    assert isinstance(verified, EmailVerified)
    assert isinstance(refused, SignInRefused)
    assert isinstance(answer.message, SignedIn)
    assert isinstance(resolved, SessionResolved)
    keys = {"test": signing_key().public_key()}
    assert verify_assertion(resolved.assertion, keys, audience="accounts").account_id == shown.account_id
    assert isinstance(shown, AccountShown)
    assert await tables_holding(accounts.pool, PLANTED) == []
    log = accounts.log.read_text()
    for secret in (PLANTED, token, user_name):
        assert secret not in log


async def test_the_operator_loads_legacy_accounts_and_loading_them_again_changes_nothing(
    accounts: Accounts,
) -> None:
    rows = tuple(a_legacy_row(user_name=f"ab{number:04}") for number in range(50))
    verifiers = json.dumps([sha256_verifier()] * len(rows))

    for loaded, known in ((50, 0), (0, 50)):
        load = LoadLegacyAccounts(accounts=rows, verifiers=sealed(verifiers))
        answer = await accounts.operator.ask(load, deadline_seconds=60)
        assert answer.message == LegacyAccountsLoaded(loaded=loaded, known_before=known)


async def test_the_operator_makes_the_first_psc_account_once_and_reads_why_not_another(
    accounts: Accounts,
) -> None:
    said: list[str] = []
    command = RegisterAccount(person=a_person(), user_name=a_user_name(), password=sealed(PLANTED))
    number = (await accounts.ask(command)).account_number

    async def refusal(account_number: str) -> str:
        with pytest.raises(OperatorError) as refused:
            await make_first(accounts.operator, account_number, said.append)
        return str(refused.value)

    not_verified = await refusal(number)
    await accounts.ask(VerifyEmail(token=sealed(await accounts.mailed_token())))
    without_factor = await refusal(number)
    await accounts.pool.execute("UPDATE accounts SET has_second_factor = true")
    status = await make_first(accounts.operator, number, said.append)

    assert "its e-mail address isn't verified" in not_verified
    assert "must add an authenticator first" in without_factor
    assert (status, said) == (0, [f"account {number} is PSC staff from now on; its holder is told by mail"])
    assert "was made before" in await refusal(number)
    assert "there is no such account" in await refusal("0000000")
    assert await refusal("12\x1b[2J") == "12?[2J is no account number: seven digits"
    assert await accounts.pool.fetchval("SELECT count(*) FROM role_grants") == 1


def test_a_process_hashes_with_at_least_what_is_advised() -> None:
    fields = {field.name: field.default for field in msgspec.structs.fields(Settings)}

    assert fields["password_memory_kib"] >= 19 * 1024
    assert fields["password_passes"] >= 2
