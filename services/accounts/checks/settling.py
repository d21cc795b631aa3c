"""Settling a check that must happen once: hashing is done outside, this is the one transaction."""

from collections.abc import Awaitable, Callable

from services.accounts.settings import Resources
from services.accounts.store.saving import Work
from shared.messages.accounts import Busy
from shared.messages.base import Event, IdReused, Message
from shared.messaging import inbox
from shared.messaging.bench import Bench
from shared.messaging.judge import kept_reply
from shared.messaging.registry import decode

Workbench = Bench[Resources]
RETRY_AFTER_SECONDS = 2


def busy() -> Busy:
    """Too many passwords are being checked: nothing has changed."""
    return Busy(retry_after_seconds=RETRY_AFTER_SECONDS)


async def settle_once(
    message: Message, bench: Workbench, act: Callable[[Work], Awaitable[Message]]
) -> Message:
    """Act in one transaction; asked again under the same id, answer the same and do nothing.

    A check has no inbox row of itself. These have one, since whoever missed the answer and asks again must
    not read that the user name is taken: they took it.
    """
    queue, digest = _place_of(message, bench)
    async with bench.transaction(step="settle") as work:
        if not await inbox.first_time(work.connection, queue, bench.request, digest, work.now):
            return await _repeat(queue, digest, work)
        outcome = await act(work)
        if isinstance(outcome, Event):
            work.emit(outcome)
        await inbox.keep_replies(work.connection, [kept_reply(queue, bench.request, outcome)])
    return outcome


async def find_settled(message: Message, bench: Workbench, work: Work) -> Message | None:
    """What was answered to this request before, if it was; the asker's row is held meanwhile."""
    queue, digest = _place_of(message, bench)
    try:
        return await _repeat(queue, digest, work)
    except LookupError:
        return None


def _place_of(message: Message, bench: Workbench) -> tuple[str, bytes]:
    asker = bench.asserted.acting if bench.asserted else ""
    digest = bench.seals.digest(message, bench.request.message_id, f"{bench.request.sender} {asker}")
    return bench.service.queue_of(type(message)), digest


async def _repeat(queue: str, digest: bytes, work: Work) -> Message:
    kept = await inbox.get_handled(work.connection, queue, work.cause)
    if kept.digest != digest:
        return IdReused()
    if kept.reply is None or kept.reply_type is None:
        raise LookupError("a settled check keeps its reply")
    return decode(kept.reply_type, kept.reply)
