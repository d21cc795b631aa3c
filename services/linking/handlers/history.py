"""Handles a person's look at the own links, present and past."""

from services.linking.settings import Resources
from services.linking.store import history
from shared.messages.base import NotAllowed
from shared.messages.linking.history import MyLinks, MyLinksShown
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def my_links(query: MyLinks, work: Work) -> MyLinksShown | NotAllowed:
    """A page of the asker's links, the newest first."""
    if work.assertion.generation == "legacy":
        return NotAllowed(reason="upgrade_first")
    account_id, limit = work.assertion.account_id, query.limit
    found = await history.list_links_of_account(work.connection, account_id, query.before, limit + 1)
    return MyLinksShown(links=tuple(found[:limit]), has_more=len(found) > limit)
