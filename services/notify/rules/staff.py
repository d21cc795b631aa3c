"""The letters that follow from what staff do with somebody's account, and from roles given and ended."""

from services.notify.model import Contact, Directory, Letter
from services.notify.rules.letters import in_words, to_person
from shared.messages.accounts import RoleEnded, RoleGranted
from shared.messages.accounts.factor_reset import FactorResetAsked, FactorResetStopped, FactorWasReset
from shared.messages.accounts.staff import (
    AccountDeactivatedByStaff,
    AccountReviewed,
    AccountUnlockedByStaff,
    SearchPrivilegeSet,
)

_ROLES = {
    "court_staff": "court staff",
    "psc": "PACER Service Center staff",
    "operator": "operator",
}
_STOPPED_BY = {
    "link": "the link in the mail to you",
    "holder": "you",
    "staff": "the PACER Service Center",
    "sign_in": "a sign-in with your second factor",
}


def account_reviewed(event: AccountReviewed, directory: Directory) -> tuple[Letter, ...]:
    """To the holder of the account that was held."""
    kind = "account_released" if event.decision == "release" else "account_deactivated_by_staff"
    return (to_person(kind, directory.contact(event.account_id), {"remark": event.remark}),)


def account_deactivated(event: AccountDeactivatedByStaff, directory: Directory) -> tuple[Letter, ...]:
    """To whoever held the account."""
    contact = directory.contact(event.account_id)
    return (to_person("account_deactivated_by_staff", contact, {"remark": event.remark}),)


def account_unlocked(event: AccountUnlockedByStaff, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    contact = directory.contact(event.account_id)
    return (to_person("account_unlocked_by_staff", contact, {"remark": event.remark}),)


def search_privilege_set(event: SearchPrivilegeSet, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    kind = "search_activated" if event.is_active else "search_inactivated"
    return (to_person(kind, directory.contact(event.account_id), {"remark": event.remark}),)


def factor_reset_asked(event: FactorResetAsked, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder, with the link that stops it."""
    contact: Contact = directory.contact(event.account_id)
    letter = Letter(
        kind="factor_reset_asked",
        recipient=f"account:{contact.account_id}",
        account_id=contact.account_id,
        name=contact.name,
        email=contact.email,
        details={
            "takes_effect_at": in_words(event.takes_effect_at, directory.business_zone),
            "remark": event.remark,
            "is_strangers": "yes" if event.is_factor_a_strangers else "",
        },
        standing=contact.standing,
        sealed={"token": event.token},
        expires_at=event.token.expires_at,
    )
    return (letter,)


def factor_reset_stopped(event: FactorResetStopped, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    details = {"stopped_by": _STOPPED_BY[event.stopped_by]}
    return (to_person("factor_reset_stopped", directory.contact(event.account_id), details),)


def factor_was_reset(event: FactorWasReset, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    details = {"is_password_void": "yes" if event.is_password_void else ""}
    return (to_person("factor_was_reset", directory.contact(event.account_id), details),)


def role_granted(event: RoleGranted, directory: Directory) -> tuple[Letter, ...]:
    """To whoever holds the role now."""
    until = "it is ended" if event.ends_at is None else in_words(event.ends_at, directory.business_zone)
    details = {**_role_details(event, directory), "until": until}
    return (to_person("role_granted", directory.contact(event.account_id), details),)


def role_ended(event: RoleEnded, directory: Directory) -> tuple[Letter, ...]:
    """To whoever held the role."""
    details = _role_details(event, directory)
    return (to_person("role_ended", directory.contact(event.account_id), details),)


def _role_details(event: RoleGranted | RoleEnded, directory: Directory) -> dict[str, str]:
    court_name = "all courts" if event.court_id is None else directory.court().name
    return {"role": _ROLES[event.role], "court_name": court_name}
