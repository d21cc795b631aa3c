"""Joining and leaving a firm: who may, from when on, and what moves."""

from datetime import datetime
from uuid import UUID

from services.paa_billing.model.firms import Actor, EndedBy, Firm, Invitation, Joining, Membership
from services.paa_billing.rules.actors import why_not_as_person, why_not_sensitive
from services.paa_billing.rules.firms import why_not_for_firm
from shared.messages.paa_billing import (
    AcceptInvitation,
    FirmRefusalReason,
    FirmRefused,
    InvitationDeclined,
    InvitationShown,
    LeaveFirm,
    MemberJoined,
    MemberLeft,
    RemoveMember,
)
from shared.money import Cents, dollars
from shared.policies import Policies

VISIBLE_TO_FIRM = (
    "your name and account number",
    "each use from now on: time, court, kind, description, case number, pages, cost and client code",
    "whether you use a second factor, and whether you file",
)
SEARCHES_HIDDEN = "never what you searched for"
SEARCHES_SHOWN = "what you searched for"


def moving_cents(open_cents: Cents, policies: Policies) -> Cents:
    """What a person takes along on joining: the open balance, a credit too; nothing under the policy."""
    return open_cents if policies.billing.move_balance_on_join else Cents(0)


def show_invitation(
    invitation: Invitation, firm_name: str, moving: Cents, policies: Policies
) -> InvitationShown:
    """What a person agrees to by accepting."""
    searches = SEARCHES_SHOWN if policies.billing.show_search_terms else SEARCHES_HIDDEN
    return InvitationShown(
        invitation_id=invitation.invitation_id,
        firm_name=firm_name,
        remark=invitation.remark,
        expires_at=invitation.expires_at,
        moving_balance_cents=moving,
        firm_will_see=(*VISIBLE_TO_FIRM, searches),
        firm_will_pay=f"all your charges from the instant you accept{_what_moves(moving)}",
    )


def decide_joining(
    command: AcceptInvitation, actor: Actor, joining: Joining, policies: Policies, now: datetime, new_id: UUID
) -> MemberJoined | FirmRefused:
    """From this instant on the firm pays, if the person may agree and was asked."""
    invitation, firm = joining.invitation, joining.firm
    reason = why_not_as_person(actor) or why_not_sensitive(actor, policies, now)
    reason = reason or why_not_answerable(actor, invitation, now)
    if reason is not None or invitation is None or firm is None:
        return FirmRefused(reason=reason or "invitation_not_open")
    if joining.present is not None:
        return FirmRefused(reason="paid_by_another_firm")
    if command.seen_balance_cents not in (None, joining.moving_cents):
        return FirmRefused(reason="balance_changed")
    return MemberJoined(
        membership_id=new_id,
        paa_id=firm.paa_id,
        account_id=actor.account_id,
        firm_name=firm.name,
        joined_at=now,
        moved_balance_cents=joining.moving_cents,
        administrator_ids=firm.administrator_ids,
    )


def decide_declining(
    actor: Actor, invitation: Invitation | None, firm: Firm | None, now: datetime
) -> InvitationDeclined | FirmRefused:
    """A person says no; that needs no fresh proof."""
    reason = why_not_as_person(actor) or why_not_answerable(actor, invitation, now)
    if reason is not None or invitation is None or firm is None:
        return FirmRefused(reason=reason or "invitation_not_open")
    return InvitationDeclined(
        invitation_id=invitation.invitation_id,
        paa_id=firm.paa_id,
        account_id=actor.account_id,
        administrator_ids=firm.administrator_ids,
        firm_name=firm.name,
    )


def why_not_answerable(
    actor: Actor, invitation: Invitation | None, now: datetime
) -> FirmRefusalReason | None:
    """What keeps an invitation from being answered; another's is as if there were none."""
    if invitation is None or invitation.account_id != actor.account_id:
        return "invitation_not_open"
    if invitation.state == "expired" or (invitation.state == "open" and now >= invitation.expires_at):
        return "invitation_expired"
    return None if invitation.state == "open" else "invitation_not_open"


def decide_leaving(
    command: LeaveFirm,
    actor: Actor,
    present: Membership | None,
    firm: Firm | None,
    policies: Policies,
    now: datetime,
) -> MemberLeft | FirmRefused:
    """The person leaves at once; nobody can hold them."""
    reason = why_not_as_person(actor) or why_not_sensitive(actor, policies, now)
    if reason is not None:
        return FirmRefused(reason=reason)
    if not command.remark.strip():
        return FirmRefused(reason="remark_missing")
    if present is None or firm is None:
        return FirmRefused(reason="not_a_member")
    return end_of(present, firm, now, "person", command.remark)


def decide_removal(
    command: RemoveMember, actor: Actor, firm: Firm | None, present: Membership | None, now: datetime
) -> MemberLeft | FirmRefused:
    """The firm stops paying at once; it learns nothing of who is not its member."""
    reason = why_not_for_firm(actor, firm)
    if reason is not None or firm is None:
        return FirmRefused(reason=reason or "firm_not_found")
    if not command.remark.strip():
        return FirmRefused(reason="remark_missing")
    if present is None or present.paa_id != firm.paa_id:
        return FirmRefused(reason="not_a_member")
    return end_of(present, firm, now, "firm", command.remark)


def end_of(membership: Membership, firm: Firm, at: datetime, ended_by: EndedBy, remark: str) -> MemberLeft:
    """The end of a membership; never before its beginning."""
    return MemberLeft(
        membership_id=membership.membership_id,
        paa_id=firm.paa_id,
        account_id=membership.account_id,
        firm_name=firm.name,
        left_at=max(at, membership.joined_at),
        ended_by=ended_by,
        remark=remark,
        administrator_ids=firm.administrator_ids,
    )


def _what_moves(moving: Cents) -> str:
    if moving > 0:
        return f", and the {dollars(moving)} that you owe now"
    if moving < 0:
        return f", and your credit of {dollars(Cents(-moving))} goes to the firm"
    return ""
