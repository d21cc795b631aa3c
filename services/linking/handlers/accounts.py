"""Handles what `accounts` announces: the copy of its public state, and its erasure."""

from services.linking.handlers.assistance import forget_bookings
from services.linking.rules.links import ended
from services.linking.rules.throttles import throttle_of_account
from services.linking.settings import Resources
from services.linking.store import accounts, attempts, conflicts, links, proofs, requests
from shared.messages.accounts import AccountChanged, AccountErased
from shared.messaging import erasure
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def remember_account(event: AccountChanged, work: Work) -> None:
    """Keep the account's public state if it is newer than what we have."""
    await accounts.save_account(work.connection, event)


async def forget_account(event: AccountErased, work: Work) -> None:
    """Blank what we keep of the account and end its links; their history keeps ids and instants alone."""
    await accounts.lock_account(work.connection, event.account_id)
    for link in await links.lock_open_links_of(work.connection, event.account_id):
        end = ended(link, work.now, by_court=False, remark="", actor_account_id=None)
        await links.end_link(work.connection, end)
        work.emit(end)
    await links.blank_remarks(work.connection, event.account_id)
    await links.settle_conflicts_of_account(work.connection, event.account_id, work.now)
    await forget_bookings(event.account_id, work)
    await conflicts.blank_remarks_of_account(work.connection, event.account_id)
    others_links = await conflicts.blank_links_ended_for(work.connection, event.account_id)
    await requests.blank_requests_of_account(work.connection, event.account_id, work.now)
    await attempts.delete_attempts_of_account(work.connection, event.account_id)
    await proofs.delete_proofs_of_account(work.connection, event.account_id)
    throttle = throttle_of_account(
        event.account_id, work.resources.policies.linking, work.resources.digest_key
    )
    await proofs.delete_throttle(work.connection, throttle.scope, throttle.subject)
    await accounts.blank_account(work.connection, event.account_id, work.now)
    # What was announced of these links holds the same remark, and doesn't name the account.
    terms = [erasure.quoted_field("link_id", str(link_id)) for link_id in others_links]
    await erasure.begin(work, event.account_id, terms=terms)
