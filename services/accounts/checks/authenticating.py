"""Signing in for a program, as the PACER Authentication API means it."""

from functools import partial

from services.accounts.checks.settling import Workbench
from services.accounts.checks.signing_in import Entry, Proved, enter, is_restricted, open_session
from services.accounts.rules import clients
from services.accounts.store import throttles
from services.accounts.store.clients import is_client_code_required
from services.accounts.store.saving import Work
from shared.messages.accounts import Busy, SignInRefused
from shared.messages.accounts.clients import AuthenticateClient, ClientAuthenticated


async def authenticate_client(command: AuthenticateClient, bench: Workbench) -> ClientAuthenticated | Busy:
    """Sign in as people do; only who has proved both factors hears of filing, codes and search."""
    entry = Entry(
        user_name=command.login_id,
        network=command.network,
        open_password=partial(bench.open, command, "password"),
        open_passcode=None if command.otp_code is None else partial(bench.open, command, "otp_code"),
    )
    outcome = await enter(entry, bench, partial(_open_for_client, command))
    return clients.NOT_LET_IN if isinstance(outcome, SignInRefused) else outcome


async def _open_for_client(
    command: AuthenticateClient, proved: Proved, work: Work
) -> ClientAuthenticated | SignInRefused:
    entrant = clients.Entrant(
        account=proved.account,
        is_filer=proved.duties.is_filer,
        is_restricted=is_restricted(proved, work),
        is_code_required=await is_client_code_required(work.connection, proved.account.id),
        client_code=command.client_code,
        redact_flag=command.redact_flag,
    )
    refused = clients.refuse_client(entrant)
    if refused is not None:
        await throttles.take_back(work.connection, proved.in_network)
        return refused
    may_search = not entrant.lacks_code
    opened = await open_session(proved, work, client_code=entrant.client_code, may_search=may_search)
    return ClientAuthenticated(
        login_result="0", error_description=clients.warning(entrant), token=opened.token
    )
