"""Founding a firm, and asking people to let it pay."""

from services.paa_billing.handlers.askers import asker
from services.paa_billing.model.firms import Account, Firm
from services.paa_billing.rules.firms import decide_registration, is_meant, make_invitation, why_not_for_firm
from services.paa_billing.settings import Resources
from services.paa_billing.store import accounts, firms, memberships
from shared.messages.paa_billing import (
    ExpireInvitation,
    FirmRefused,
    FirmRegistered,
    InvitationAsked,
    InvitationWithdrawn,
    InviteAccount,
    MemberInvited,
    RegisterFirm,
    WithdrawInvitation,
)
from shared.messaging.due_work import cancel, plan
from shared.messaging.unit_of_work import UnitOfWork


async def register_firm(command: RegisterFirm, work: UnitOfWork[Resources]) -> FirmRegistered | FirmRefused:
    actor = await asker(work)
    firm = await firms.find_firm_of(work.connection, actor.account_id)

    outcome = decide_registration(actor, firm, command.name, work.new_id())

    if isinstance(outcome, FirmRegistered):
        await _keep_firm(outcome, is_known=firm is not None, work=work)
    return outcome


async def invite_account(
    command: InviteAccount, work: UnitOfWork[Resources]
) -> InvitationAsked | FirmRefused:
    """The answer is the same whether anybody matched or not."""
    actor = await asker(work)
    firm = await firms.find_firm_of(work.connection, actor.account_id)
    reason = why_not_for_firm(actor, firm)
    if reason is not None or firm is None:
        return FirmRefused(reason=reason or "firm_not_found")

    person = await accounts.find_account_by_number(work.connection, command.account_number)
    if person is not None and is_meant(person, command.last_name):
        await _ask(command, firm, person, work)
    return InvitationAsked()


async def withdraw_invitation(
    command: WithdrawInvitation, work: UnitOfWork[Resources]
) -> InvitationWithdrawn | FirmRefused:
    """The answer is the same whether anybody had been asked or not."""
    actor = await asker(work)
    firm = await firms.find_firm_of(work.connection, actor.account_id)
    reason = why_not_for_firm(actor, firm)
    if reason is not None or firm is None:
        return FirmRefused(reason=reason or "firm_not_found")

    number = command.account_number
    taken_back = await memberships.withdraw_invitation(work.connection, firm.paa_id, number, work.now)
    if taken_back is not None:
        await cancel(work, ExpireInvitation, subject=str(taken_back))
    return InvitationWithdrawn()


async def expire_invitation(command: ExpireInvitation, work: UnitOfWork[Resources]) -> None:
    invitation = await memberships.lock_invitation(work.connection, command.invitation_id)
    if invitation is not None and work.now >= invitation.expires_at:
        await memberships.settle_invitation(work.connection, invitation.invitation_id, "expired", work.now)


async def _keep_firm(registered: FirmRegistered, *, is_known: bool, work: UnitOfWork[Resources]) -> None:
    connection, paa_id = work.connection, registered.paa_id
    if is_known:
        await firms.register_firm(connection, paa_id, registered.name, work.now)
        return
    await firms.insert_firm(connection, paa_id, registered.name, work.now, registered_at=work.now)
    await firms.insert_administrator(connection, registered.account_id, paa_id, work.now)


async def _ask(command: InviteAccount, firm: Firm, person: Account, work: UnitOfWork[Resources]) -> None:
    """Ask a person, unless the firm pays for them already or waits for their answer."""
    present = await memberships.find_membership(work.connection, person.account_id)
    if present is not None and present.paa_id == firm.paa_id:
        return
    policies = work.resources.policies.billing
    invitation = make_invitation(command, firm.paa_id, person.account_id, work.new_id(), work.now, policies)
    asked_by = work.assertion.account_id
    if not await memberships.insert_invitation(work.connection, invitation, asked_by, work.now):
        return
    invited = MemberInvited(
        invitation_id=invitation.invitation_id,
        paa_id=firm.paa_id,
        account_id=person.account_id,
        firm_name=firm.name,
        remark=invitation.remark,
        expires_at=invitation.expires_at,
    )
    work.emit(invited)
    await plan(
        work,
        ExpireInvitation(invitation_id=invitation.invitation_id),
        subject=str(invitation.invitation_id),
        occasion="expiry",
        due_at=invitation.expires_at,
    )
