"""Founding firms and asking people to let them pay."""

import unicodedata
from datetime import datetime, timedelta
from uuid import UUID

from services.paa_billing.model.firms import Account, Actor, Firm, Invitation
from services.paa_billing.rules.actors import why_not_as_administrator
from shared.messages.paa_billing import FirmRefusalReason, FirmRefused, FirmRegistered, InviteAccount
from shared.policies import BillingPolicies


def decide_registration(
    actor: Actor, firm: Firm | None, name: str, new_id: UUID
) -> FirmRegistered | FirmRefused:
    """An administrator founds one firm, or names the one that was taken over with the legacy account."""
    if (reason := why_not_as_administrator(actor)) is not None:
        return FirmRefused(reason=reason)
    if firm is not None and firm.registered_at is not None:
        return FirmRefused(reason="firm_exists")
    paa_id = new_id if firm is None else firm.paa_id
    return FirmRegistered(paa_id=paa_id, account_id=actor.account_id, name=name.strip() or name)


def is_taken_over(account: Account, firm: Firm | None) -> bool:
    """Does a firm come with this account? A legacy administrator paid for a firm before 2014 already."""
    return account.kind == "paa" and account.generation == "legacy" and firm is None


def why_not_for_firm(actor: Actor, firm: Firm | None) -> FirmRefusalReason | None:
    """What keeps an account from acting for its firm."""
    if (reason := why_not_as_administrator(actor)) is not None:
        return reason
    return "firm_not_found" if firm is None else None


def why_not_see_firm(actor: Actor, firm: Firm | None) -> FirmRefusalReason | None:
    """What keeps an account from seeing what its firm pays for; a legacy administrator may."""
    if actor.kind != "paa":
        return "not_a_paa"
    if actor.status != "active":
        return "account_not_active"
    return "firm_not_found" if firm is None else None


def is_meant(account: Account | None, last_name: str) -> bool:
    """Is this the person that number and last name ask for, and can they be asked?

    Case, accents' encoding and outer spaces don't count. A legacy account may be asked: its holder upgrades
    before accepting.
    """
    if account is None or account.kind != "individual" or account.status not in ("active", "locked"):
        return False
    return _folded(account.last_name) == _folded(last_name) != ""


def make_invitation(
    command: InviteAccount,
    paa_id: UUID,
    account_id: UUID,
    new_id: UUID,
    now: datetime,
    policies: BillingPolicies,
) -> Invitation:
    """The question as it is kept, with the end of its time."""
    return Invitation(
        invitation_id=new_id,
        paa_id=paa_id,
        account_id=account_id,
        remark=command.remark,
        expires_at=now + timedelta(days=policies.invitation_days),
        state="open",
    )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()
