"""Answering an invitation, leaving a firm, being removed from one."""

from uuid import UUID

from services.paa_billing.handlers.askers import asker, lock_asker
from services.paa_billing.handlers.balances import hold_balances, move_balance, open_balance
from services.paa_billing.handlers.books import hold_open_quarters
from services.paa_billing.model.firms import Actor, Firm, Invitation, Joining, Membership
from services.paa_billing.rules.actors import why_not_as_person
from services.paa_billing.rules.memberships import (
    decide_declining,
    decide_joining,
    decide_leaving,
    decide_removal,
    moving_cents,
    show_invitation,
)
from services.paa_billing.settings import Resources
from services.paa_billing.store import accounts, firms, memberships, usage
from shared.messages.paa_billing import (
    AcceptInvitation,
    BillingRefused,
    DeclineInvitation,
    ExpireInvitation,
    FirmRefused,
    InvitationDeclined,
    InvitationsShown,
    LeaveFirm,
    MemberJoined,
    MemberLeft,
    MembershipsShown,
    MyInvitations,
    RemoveMember,
    WhoPaysForMe,
)
from shared.messaging.due_work import cancel
from shared.messaging.unit_of_work import UnitOfWork

MOST_MEMBERSHIPS = 200


async def my_invitations(
    query: MyInvitations, work: UnitOfWork[Resources]
) -> InvitationsShown | BillingRefused:
    actor = await asker(work)
    if (reason := why_not_as_person(actor)) is not None:
        return BillingRefused(reason=reason)
    asked = await memberships.list_open_invitations(work.connection, actor.account_id, work.now)
    policies = work.resources.policies
    moving = moving_cents(await open_balance(work, actor.account_id), policies)
    return InvitationsShown(
        invitations=tuple(show_invitation(each, firm_name, moving, policies) for each, firm_name in asked)
    )


async def who_pays_for_me(query: WhoPaysForMe, work: UnitOfWork[Resources]) -> MembershipsShown:
    found = await memberships.list_payers(work.connection, work.assertion.account_id, MOST_MEMBERSHIPS)
    return MembershipsShown(memberships=tuple(found))


async def accept_invitation(
    command: AcceptInvitation, work: UnitOfWork[Resources]
) -> MemberJoined | FirmRefused:
    actor = await lock_asker(work)
    invitation = await memberships.lock_invitation(work.connection, command.invitation_id)
    joining = await _joining(actor, invitation, work)

    outcome = decide_joining(command, actor, joining, work.resources.policies, work.now, work.new_id())

    if isinstance(outcome, MemberJoined) and invitation is not None:
        await _join(outcome, invitation, joining, work)
    return outcome


async def decline_invitation(
    command: DeclineInvitation, work: UnitOfWork[Resources]
) -> InvitationDeclined | FirmRefused:
    actor = await lock_asker(work)
    invitation = await memberships.lock_invitation(work.connection, command.invitation_id)

    outcome = decide_declining(actor, invitation, await _firm_of(invitation, work), work.now)

    if isinstance(outcome, InvitationDeclined):
        await memberships.settle_invitation(work.connection, outcome.invitation_id, "declined", work.now)
        await cancel(work, ExpireInvitation, subject=str(outcome.invitation_id))
    return outcome


async def leave_firm(command: LeaveFirm, work: UnitOfWork[Resources]) -> MemberLeft | FirmRefused:
    actor = await lock_asker(work)
    present = await memberships.find_membership(work.connection, actor.account_id)
    firm = None if present is None else await firms.find_firm(work.connection, present.paa_id)

    outcome = decide_leaving(command, actor, present, firm, work.resources.policies, work.now)

    if isinstance(outcome, MemberLeft):
        await end_membership(work, outcome)
    return outcome


async def remove_member(command: RemoveMember, work: UnitOfWork[Resources]) -> MemberLeft | FirmRefused:
    actor = await asker(work)
    firm = await firms.find_firm_of(work.connection, actor.account_id)
    member = await accounts.find_account_by_number(work.connection, command.account_number)
    present = None if member is None else await _lock_membership(member.account_id, work)

    outcome = decide_removal(command, actor, firm, present, work.now)

    if isinstance(outcome, MemberLeft):
        await end_membership(work, outcome)
    return outcome


async def end_membership(work: UnitOfWork[Resources], left: MemberLeft) -> None:
    """Keep the end; uses from that instant on, reported ahead of our clock, are the person's."""
    await memberships.end_membership(
        work.connection, left.membership_id, left.left_at, left.ended_by, left.remark
    )
    quarters = await hold_open_quarters(work)
    await usage.restamp_lines(work.connection, left.account_id, left.left_at, None, quarters)


async def _lock_membership(account_id: UUID, work: UnitOfWork[Resources]) -> Membership | None:
    await accounts.lock_account(work.connection, account_id)
    return await memberships.find_membership(work.connection, account_id)


async def _joining(actor: Actor, invitation: Invitation | None, work: UnitOfWork[Resources]) -> Joining:
    firm_ids = [] if invitation is None else [invitation.paa_id]
    await hold_balances(work, [actor.account_id, *firm_ids])
    open_cents = await open_balance(work, actor.account_id)
    return Joining(
        invitation=invitation,
        firm=await _firm_of(invitation, work),
        present=await memberships.find_membership(work.connection, actor.account_id),
        moving_cents=moving_cents(open_cents, work.resources.policies),
    )


async def _firm_of(invitation: Invitation | None, work: UnitOfWork[Resources]) -> Firm | None:
    return None if invitation is None else await firms.find_firm(work.connection, invitation.paa_id)


async def _join(
    joined: MemberJoined, invitation: Invitation, joining: Joining, work: UnitOfWork[Resources]
) -> None:
    """Keep the beginning, and move what the person owes; later uses booked already become the firm's."""
    await memberships.settle_invitation(work.connection, invitation.invitation_id, "accepted", work.now)
    await cancel(work, ExpireInvitation, subject=str(invitation.invitation_id))
    await memberships.insert_membership(work.connection, joined.membership_id, invitation, joined.joined_at)
    quarters = await hold_open_quarters(work)
    await usage.restamp_lines(work.connection, joined.account_id, joined.joined_at, joined.paa_id, quarters)
    await move_balance(work, joined.account_id, joined.paa_id, joining.moving_cents)
