"""Client codes: which firm pays for whom, and who asks for them, as `paa_billing` announces it."""

from services.accounts.store import clients
from services.accounts.store.saving import Work
from shared.messages.paa_billing import ClientCodeRuleChanged, MemberJoined, MemberLeft


async def remember_member(event: MemberJoined, work: Work) -> None:
    """From now on the firm's rule applies."""
    await clients.begin_membership(
        work.connection, event.membership_id, event.account_id, event.paa_id, event.joined_at
    )


async def forget_member(event: MemberLeft, work: Work) -> None:
    """The person's own rule comes back."""
    await clients.end_membership(
        work.connection, event.membership_id, event.account_id, event.paa_id, event.left_at
    )


async def remember_rule(event: ClientCodeRuleChanged, work: Work) -> None:
    """Keep a firm's or a person's rule if it is newer than what we have."""
    await clients.save_rule(work.connection, event.payer_id, event.version, is_required=event.is_required)
