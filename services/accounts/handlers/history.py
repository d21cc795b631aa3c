"""The security history: what others' services tell of an account, and showing it to its holder."""

from services.accounts.rules import access
from services.accounts.rules.history import ONCE_A_DAY, STAFF_USE, act_shown, court_staff_use
from services.accounts.store import accounts, history, saving
from services.accounts.store.asking import is_reader_restricted
from services.accounts.store.saving import Work
from shared.messages.accounts import HistoryShown, MyHistory
from shared.messages.base import NotAllowed
from shared.messages.linking import FilingAccountGone, FilingAccountReturned
from shared.messages.linking import staff as linking
from shared.messages.paa_billing import StaffUsedData


async def remember_staff_use(event: StaffUsedData, work: Work) -> None:
    """Staff used data of the account's holder, who sees it here."""
    account = await accounts.lock_account(work.connection, event.account_id)
    await saving.record(
        work,
        account,
        STAFF_USE,
        service=event.message_owner(),
        used_for=event.used_for,
        used_at=event.used_at.isoformat(),
        actor_account_id=str(event.actor_account_id or ""),
    )


async def remember_dropped_filing(event: FilingAccountGone, work: Work) -> None:
    """A court names a linked filing account no more: its holder sees since when, and who said so."""
    await _record_at_court(event, "filing_account_gone", work)


async def remember_returned_filing(event: FilingAccountReturned, work: Work) -> None:
    """A court names a linked filing account again."""
    await _record_at_court(event, "filing_account_returned", work)


async def remember_court_staff_use(event: linking.StaffUsedData, work: Work) -> None:
    """Court staff used data of the account's holder; a look at many counts once a day for viewer and view."""
    account = await accounts.lock_account(work.connection, event.account_id)
    content = court_staff_use(event)
    if event.is_in_list and await history.list_accounts_with_entry(
        work.connection,
        [account.id],
        STAFF_USE,
        saving.as_content(content),
        work.now - ONCE_A_DAY,
    ):
        return
    await saving.record(work, account, STAFF_USE, **content)


async def my_history(query: MyHistory, work: Work) -> HistoryShown | NotAllowed:
    """A page of the asker's own history, newest first."""
    refused = access.refuse_reader(await is_reader_restricted(work))
    if refused is not None:
        return refused
    account_id, limit = work.assertion.account_id, query.limit
    entries = await history.list_newest(work.connection, account_id, query.before, limit + 1)
    return HistoryShown(acts=tuple(map(act_shown, entries[:limit])), has_more=len(entries) > limit)


async def _record_at_court(event: FilingAccountGone | FilingAccountReturned, kind: str, work: Work) -> None:
    account = await accounts.lock_account(work.connection, event.account_id)
    place = {"court_id": event.court_id, "role": event.role}
    await saving.record(work, account, kind, **place, actor_account_id=str(event.actor_account_id or ""))
