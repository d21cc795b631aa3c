"""What notify does with each message: keep contacts and courts, queue mail, show the delivery log."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from services.notify import mailer, store
from services.notify.model import Directory, Letter
from services.notify.rules import GONE, concerned, is_for_nobody, others_in, why_not_to_write
from services.notify.settings import Resources
from services.notify.store import erasing
from shared.messages.accounts import AccountErased, ContactChanged
from shared.messages.base import Event
from shared.messages.linking import CourtChanged
from shared.messages.notify import MessageList, MyMessages, NotificationAbandoned
from shared.messaging import erasure
from shared.messaging.topology import WAIT_TIERS
from shared.messaging.unit_of_work import UnitOfWork

E = TypeVar("E", bound=Event)
Work = UnitOfWork[Resources]


def mailing(compose: Callable[[E, Directory], tuple[Letter, ...]]) -> Callable[[E, Work], Awaitable[None]]:
    """The handler that queues the letters which a rule composes, or keeps why one isn't sent."""

    async def queue_mail(event: E, work: Work) -> None:
        directory = await _look_up(event, work)
        for letter in compose(event, directory):
            if not is_for_nobody(letter):
                await _keep(letter, others_in(event, letter), work)

    return queue_mail


async def _keep(letter: Letter, others: tuple[UUID, ...], work: Work) -> None:
    reason = why_not_to_write(letter)
    notification_id, subject = work.new_id(), mailer.subject_of(letter)
    is_new = await store.insert_notification(
        work.connection, notification_id, letter, subject, work.cause, work.now, reason, others
    )
    if reason is not None and is_new:
        work.emit(
            NotificationAbandoned(
                notification_id=notification_id, account_id=letter.account_id, kind=letter.kind, reason=reason
            )
        )


async def _look_up(event: Event, work: Work) -> Directory:
    named = concerned(event)
    return Directory(
        contacts=await store.list_contacts(work.connection, named.account_ids),
        found_court=await store.find_court(work.connection, named.court_id),
        business_zone=work.resources.policies.zone,
        is_waited_out=work.cause.attempt > len(WAIT_TIERS),
    )


async def remember_contact(event: ContactChanged, work: Work) -> None:
    """Keep whom to write to."""
    await store.upsert_contact(work.connection, event)


async def remember_court(event: CourtChanged, work: Work) -> None:
    """Keep what mail says of a court, and where its own mail goes."""
    await store.upsert_court(work.connection, event)


async def erase_account(event: AccountErased, work: Work) -> None:
    """Blank everything kept about an account; what waits for it is not sent."""
    await erasing.erase_contact(work.connection, event.account_id, work.now)
    await erasing.erase_notifications(work.connection, event.account_id)
    await erasing.erase_mentions(work.connection, event.account_id, GONE)
    await erasure.begin(work, event.account_id)


async def my_messages(query: MyMessages, work: Work) -> MessageList:
    """The asker's delivery log."""
    account_id = work.assertion.account_id
    return MessageList(messages=await store.list_messages(work.connection, account_id, query.limit))
