"""The job `mail`: claim the most urgent mail, write it, hand it over, settle it.

No transaction is open while the mail server is waited for. The state `sending` is committed before the mail
is handed over, so that a mail whose worker was killed in between is known to have perhaps arrived: it goes
out again under the same Message-ID, marked as a possible duplicate.

The job writes a log line itself, as no handler does: it answers no delivery, so that no consumer writes one
for it, and a mail that waits or was given up would otherwise be seen in the database alone.
"""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

import msgspec
import structlog

from services.notify import mailer, rules, store
from services.notify.mailer import Mail
from services.notify.model import (
    Addressee,
    GivenUp,
    Notification,
    Outcome,
    Postponed,
    Sent,
    Suppressed,
)
from services.notify.settings import Resources
from services.notify.store import exporting
from shared.errors import SealError
from shared.messages.notify import ExportPartMade, NotificationAbandoned, NotificationSent
from shared.messaging.bench import Bench
from shared.messaging.export_parts import Part, make_next_part
from shared.messaging.leases import LEASE_SECONDS, while_extending
from shared.messaging.unit_of_work import UnitOfWork
from shared.metrics import MAIL

SENDERS = 4
"""How many mails one process hands over at a time, since a mail server may take seconds to answer."""

LEASE = timedelta(seconds=LEASE_SECONDS)
_OUTCOME_NAMES: Mapping[type[Outcome], str] = {
    Sent: "sent",
    Postponed: "postponed",
    GivenUp: "abandoned",
    Suppressed: "suppressed",
}
_chances = secrets.SystemRandom()


async def load_texts(bench: Bench[Resources]) -> None:
    """Read all templates before the first mail."""
    await asyncio.to_thread(mailer.load_texts)


async def send_next_mail(bench: Bench[Resources]) -> bool:
    """Send one mail, the most urgent first; no if none waits."""
    async with bench.transaction() as work:
        claimed = await store.claim_notification(work.connection, LEASE)
    if claimed is None:
        return False
    outcome = await while_extending(_try(bench, claimed), partial(_extend, bench, claimed), LEASE_SECONDS)
    if outcome is not None:
        await _settle(
            bench, claimed, rules.settle(outcome, claimed.attempts, bench.resources.policies.notify)
        )
    return True


async def _extend(bench: Bench[Resources], claimed: Notification) -> None:
    async with bench.transaction() as work:
        await store.extend_lease(work.connection, claimed, LEASE)


async def _try(bench: Bench[Resources], claimed: Notification) -> Outcome | None:
    """One attempt; None if the mail is no longer this worker's."""
    refusal = rules.why_not_to_send(claimed, bench.now(), bench.resources.policies.notify)
    if refusal is not None:
        return refusal
    opened = await asyncio.to_thread(_open, bench, claimed)
    if isinstance(opened, GivenUp):
        return opened
    addressee, opened_secrets = opened
    async with bench.transaction() as work:
        if await store.is_suppressed(work.connection, addressee.email, work.now):
            return Suppressed("address_suppressed")
    mail = await asyncio.to_thread(_write, claimed, addressee, opened_secrets, bench.resources, bench.now())
    if not isinstance(mail, Mail):
        return mail
    async with bench.transaction() as work:
        is_ours = await store.mark_sending(work.connection, claimed, LEASE)
    if not is_ours:
        return None
    return await mailer.post(mail, bench.resources.server, bench.resources.sender.domain)


def _open(bench: Bench[Resources], claimed: Notification) -> tuple[Addressee, Mapping[str, str]] | GivenUp:
    """Whom the mail goes to, and the secrets in it."""
    try:
        opened = {
            field: bench.seals.open_value(sealed, claimed.event_id, field, bench.now())
            for field, sealed in (claimed.sealed or {}).items()
        }
        if "recipient" in opened:
            return msgspec.json.decode(opened.pop("recipient"), type=Addressee), opened
    except (SealError, msgspec.DecodeError):
        return GivenUp("secret_unreadable")
    return Addressee(name=claimed.recipient_name, email=claimed.email or ""), opened


def _write(
    claimed: Notification,
    addressee: Addressee,
    opened_secrets: Mapping[str, str],
    resources: Resources,
    at: datetime,
) -> Mail | GivenUp | Postponed:
    """The mail as bytes. A template that fails may be mended by the next release, so that is no end."""
    try:
        texts = mailer.write_texts(
            claimed.kind, addressee.name, claimed.details, opened_secrets, resources.sender
        )
        return mailer.build_mail(
            notification_id=claimed.id,
            correlation_id=claimed.correlation_id,
            kind=claimed.kind,
            subject=claimed.subject,
            texts=texts,
            sender=resources.sender,
            recipient=addressee.email,
            at=at,
        )
    except mailer.UnsafeMailError as error:
        return GivenUp(f"unsafe_{error.part}")
    except mailer.TextError:
        return Postponed("template_failed")


async def _settle(bench: Bench[Resources], claimed: Notification, outcome: Outcome) -> None:
    """Write down, announce and tell what became of it, unless another worker has claimed it since."""
    async with bench.transaction(
        caused_by=claimed.event_id, correlation_id=claimed.correlation_id, step=f"mail:{claimed.id}"
    ) as work:
        is_ours = await _write_down(work, claimed, outcome)
    if is_ours:
        _tell_operators(claimed, outcome)


async def _write_down(work: UnitOfWork[Resources], claimed: Notification, outcome: Outcome) -> bool:
    match outcome:
        case Sent():
            is_ours = await store.mark_sent(work.connection, claimed, work.now)
            if is_ours:
                work.emit(_sent(claimed))
            return is_ours
        case Postponed(reason, is_outcome_unknown):
            delay = rules.retry_delay_seconds(
                claimed.attempts, work.resources.policies.notify, _chances.random()
            )
            return await store.postpone(
                work.connection, claimed, timedelta(seconds=delay), reason, is_outcome_unknown
            )
        case GivenUp(reason) | Suppressed(reason):
            is_ours = await store.give_up(work.connection, claimed, _OUTCOME_NAMES[type(outcome)], reason)
            if is_ours:
                work.emit(_abandoned(claimed, reason))
            return is_ours


def _sent(claimed: Notification) -> NotificationSent:
    return NotificationSent(notification_id=claimed.id, account_id=claimed.account_id, kind=claimed.kind)


def _abandoned(claimed: Notification, reason: str) -> NotificationAbandoned:
    return NotificationAbandoned(
        notification_id=claimed.id, account_id=claimed.account_id, kind=claimed.kind, reason=reason
    )


def _tell_operators(claimed: Notification, outcome: Outcome) -> None:
    """Count and log what has been committed; ids and codes, never whom the mail goes to."""
    name = _OUTCOME_NAMES[type(outcome)]
    MAIL.labels(claimed.kind, name).inc()
    structlog.get_logger().info(
        "mail_settled",
        outcome=name,
        reason=None if isinstance(outcome, Sent) else outcome.reason,
        kind=claimed.kind,
        notification_id=str(claimed.id),
        correlation_id=str(claimed.correlation_id),
        attempts=claimed.attempts,
    )


async def make_export_part(bench: Bench[Resources]) -> bool:
    """Write what is kept here about an account that asked for it; no if none did."""
    return await make_next_part(bench, exporting.STATEMENTS, _tell_of_part, bench.resources.objects)


async def _tell_of_part(work: UnitOfWork[Resources], part: Part) -> None:
    asked = part.asked
    work.emit(
        ExportPartMade(
            export_id=asked.export_id,
            account_id=asked.account_id,
            key=part.key,
            secret=part.sealed_secret(),
        )
    )
