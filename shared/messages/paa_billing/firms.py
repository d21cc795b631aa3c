"""What is asked of `paa_billing` about firms, invitations and memberships, and what it announces of them."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import AccountNumber, Command, Event, LongText, Query, Reply, ShortText, Speaker
from shared.messages.paa_billing.values import FirmRefusalReason


class RegisterFirm(Command, frozen=True, kw_only=True, tag="paa_billing.register_firm.v1"):
    """A PAA administrator founds the firm that the account will pay for."""

    name: ShortText


class FirmRegistered(Event, frozen=True, kw_only=True, tag="paa_billing.firm_registered.v1"):
    """A firm exists, with its first administrator (mail)."""

    paa_id: UUID
    account_id: UUID
    name: str


class FirmRefused(Reply, frozen=True, kw_only=True, tag="paa_billing.firm_refused.v1"):
    """Nothing has changed."""

    reason: FirmRefusalReason


class InviteAccount(Command, frozen=True, kw_only=True, tag="paa_billing.invite_account.v1"):
    """Ask a person to let the firm pay; whether anyone matched is not told to the firm."""

    account_number: AccountNumber
    last_name: ShortText
    remark: LongText = ""


class InvitationAsked(Reply, frozen=True, kw_only=True, tag="paa_billing.invitation_asked.v1"):
    """If number and last name match an account, its holder has been asked."""


class MemberInvited(Event, frozen=True, kw_only=True, tag="paa_billing.member_invited.v1"):
    """A person was asked to let a firm pay (mail to the person)."""

    invitation_id: UUID
    paa_id: UUID
    account_id: UUID
    firm_name: str
    remark: str
    expires_at: datetime


class ExpireInvitation(Command, frozen=True, kw_only=True, tag="paa_billing.expire_invitation.v1"):
    """Due work: the time of an invitation is over, unless it was answered."""

    spoken_by: ClassVar[Speaker] = "service"
    invitation_id: UUID


class WithdrawInvitation(Command, frozen=True, kw_only=True, tag="paa_billing.withdraw_invitation.v1"):
    """Ask a person no more; whether anyone was asked is not told to the firm."""

    account_number: AccountNumber


class InvitationWithdrawn(Reply, frozen=True, kw_only=True, tag="paa_billing.invitation_withdrawn.v1"):
    """If the account's holder had been asked and hadn't answered, the question is taken back."""


class MyInvitations(Query, frozen=True, kw_only=True, tag="paa_billing.my_invitations.v1"):
    """Which firms ask to pay for me, and what each will see and take over?"""


class InvitationShown(msgspec.Struct, frozen=True, kw_only=True):
    """One open invitation, with what the person agrees to by accepting it."""

    invitation_id: UUID
    firm_name: str
    remark: str
    expires_at: datetime
    moving_balance_cents: int
    firm_will_see: tuple[str, ...]
    firm_will_pay: str


class InvitationsShown(Reply, frozen=True, kw_only=True, tag="paa_billing.invitations_shown.v1"):
    """The open invitations of the asker."""

    invitations: tuple[InvitationShown, ...]


class AcceptInvitation(Command, frozen=True, kw_only=True, tag="paa_billing.accept_invitation.v1"):
    """Let the firm pay from now on; if the balance seen before is named, that one moves, else refused."""

    is_sensitive: ClassVar[bool] = True
    invitation_id: UUID
    seen_balance_cents: int | None = None


class DeclineInvitation(Command, frozen=True, kw_only=True, tag="paa_billing.decline_invitation.v1"):
    """Say no."""

    invitation_id: UUID


class InvitationDeclined(Event, frozen=True, kw_only=True, tag="paa_billing.invitation_declined.v1"):
    """The person said no (mail to both sides)."""

    invitation_id: UUID
    paa_id: UUID
    account_id: UUID
    administrator_ids: tuple[UUID, ...]
    firm_name: str = ""


class MemberJoined(Event, frozen=True, kw_only=True, tag="paa_billing.member_joined.v1"):
    """From this instant the firm pays for the person's new charges (mail to both sides)."""

    membership_id: UUID
    paa_id: UUID
    account_id: UUID
    firm_name: str
    joined_at: datetime
    moved_balance_cents: int
    administrator_ids: tuple[UUID, ...]


class LeaveFirm(Command, frozen=True, kw_only=True, tag="paa_billing.leave_firm.v1"):
    """The person leaves, at once; nobody can hold them."""

    is_sensitive: ClassVar[bool] = True
    remark: LongText


class RemoveMember(Command, frozen=True, kw_only=True, tag="paa_billing.remove_member.v1"):
    """The firm stops paying for a person, at once."""

    account_number: AccountNumber
    remark: LongText


class MemberLeft(Event, frozen=True, kw_only=True, tag="paa_billing.member_left.v1"):
    """From this instant the person pays their own new charges (mail to both sides)."""

    membership_id: UUID
    paa_id: UUID
    account_id: UUID
    firm_name: str
    left_at: datetime
    ended_by: Literal["person", "firm", "deactivation"]
    remark: str
    administrator_ids: tuple[UUID, ...]


class MyMembers(Query, frozen=True, kw_only=True, tag="paa_billing.my_members.v1"):
    """For whom does the asking administrator's firm pay now? The look is recorded (a check)."""


class MemberShown(msgspec.Struct, frozen=True, kw_only=True):
    """One member as the firm may see them: of factor and filing no more than yes or no."""

    account_number: AccountNumber
    first_name: str
    last_name: str
    joined_at: datetime
    has_second_factor: bool
    is_filer: bool


class MembersShown(Reply, frozen=True, kw_only=True, tag="paa_billing.members_shown.v1"):
    """The present members, by name; the first 1,000."""

    firm_name: str
    members: tuple[MemberShown, ...]


class WhoPaysForMe(Query, frozen=True, kw_only=True, tag="paa_billing.who_pays_for_me.v1"):
    """Which firms pay, or have paid, for the asker's charges, and when?"""


class MembershipShown(msgspec.Struct, frozen=True, kw_only=True):
    """The time in which a firm pays for the asker: from `joined_at` on, up to but without `left_at`."""

    membership_id: UUID
    paa_id: UUID
    firm_name: str
    joined_at: datetime
    left_at: datetime | None
    ended_by: Literal["person", "firm", "deactivation"] | None
    remark: str


class MembershipsShown(Reply, frozen=True, kw_only=True, tag="paa_billing.memberships_shown.v1"):
    """The last 200 memberships of the asker, newest first; outside of them the asker pays."""

    memberships: tuple[MembershipShown, ...]
