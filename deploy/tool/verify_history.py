"""`nextgen verify-history`: is each account's security history as it was written?"""

import asyncio
from collections.abc import Callable
from uuid import UUID

from deploy.tool import stories
from deploy.tool.operating import OperatorError, Place, StoryNumber, connected, printable
from services.accounts.model import Chain, HistoryHead
from services.accounts.store import history
from shared.database import OwnConnection

ACCOUNTS_A_PAGE = 500
ENTRIES_A_PAGE = 1000
_FIRST = UUID(int=0)


def verify_history(account_number: str | None = None, *, story: StoryNumber = None) -> int:
    """Read each account's security history, or one's, and name the first broken entry of each that is broken.

    Exits 1 if any is.
    """
    return asyncio.run(verify_at(stories.load(story), account_number, print))


async def verify_at(place: Place, account_number: str | None, say: Callable[[str], None]) -> int:
    """Say the first broken row of each account's history; answers the exit status.

    0: every chain is whole. 1: one isn't. All that is read is as it was at one instant, and no more than two
    pages of it are in memory. Raises OperatorError for an account that isn't there.
    """
    checked = broken = 0
    async with (
        connected(place, "accounts") as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        last = _FIRST
        while heads := await history.list_heads(connection, account_number, last, ACCOUNTS_A_PAGE):
            for chain in await _read_chains(connection, heads):
                checked += 1
                broken += _tell(chain, say)
            last = heads[-1].account_id
    if account_number is not None and checked == 0:
        raise OperatorError(f"there is no account {printable(account_number)}")
    say(f"{checked} histories read, {broken} broken")
    return 1 if broken else 0


async def _read_chains(connection: OwnConnection, heads: list[HistoryHead]) -> list[Chain]:
    chains = {head.account_id: Chain(head=head) for head in heads}
    after = (heads[0].account_id, 0)
    while page := await history.list_entries_between(connection, after, heads[-1].account_id, ENTRIES_A_PAGE):
        for entry in page:
            chains[entry.account_id] = chains[entry.account_id].follow(entry)
        after = (page[-1].account_id, page[-1].sequence)
    return [chain.end() for chain in chains.values()]


def _tell(chain: Chain, say: Callable[[str], None]) -> int:
    if chain.broken_at is None or chain.head is None:
        return 0
    say(f"account {chain.head.account_number}, entry {chain.broken_at}: {chain.problem}")
    return 1
