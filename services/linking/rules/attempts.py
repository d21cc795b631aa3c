"""Says how an attempt to link is kept, and what its outcome means to the court staff who are asked."""

from collections.abc import Mapping
from uuid import UUID

from services.linking.model.cases import Attempt
from services.linking.rules.throttles import keyed_digest
from shared.messages.linking import FilingAccountLinked, FilingAccountProved, LinkRefused

_MEANINGS: Mapping[str, tuple[str, str]] = {
    "proved": (
        "The filing account was proved, and the name on it shown.",
        "The person has ten minutes to confirm it; after that it must be proved again.",
    ),
    "linked": ("The filing account was linked.", "Nothing is left to do."),
    "account_not_active": (
        "The PACER account is not active.",
        "The person calls the PACER Service Center.",
    ),
    "upgrade_first": (
        "The PACER account is from before August 2014 and was not upgraded.",
        "The person upgrades it under Manage My Account, or registers if it is a shared one.",
    ),
    "email_not_verified": (
        "The e-mail address of the PACER account is not verified.",
        "The person opens the link in the mail, or asks for a new one.",
    ),
    "not_an_individual": (
        "The account is an administrator's of a firm.",
        "The person signs in with an account of their own.",
    ),
    "session_level_too_low": (
        "The person had signed in without the second factor.",
        "The person signs in again with a code from the authenticator.",
    ),
    "proof_too_old": (
        "The person had signed in too long ago.",
        "The person enters the PACER password again and repeats the step.",
    ),
    "court_not_live": (
        "The court takes no PACER logins yet.",
        "The person waits for the go-live, and files with the CM/ECF login until then.",
    ),
    "login_or_password_wrong": (
        "The CM/ECF login and password didn't fit, or a linking code was wrong, used or late.",
        "Make a linking code for the filing account.",
    ),
    "too_many_attempts": (
        "There were too many wrong attempts, by this person, at this login or at the court.",
        "The person waits fifteen minutes. If others are guessing, make a linking code.",
    ),
    "filing_account_already_linked": (
        "The filing account is linked already.",
        "If another person holds it, decide it under Conflicts.",
    ),
    "role_already_linked_at_court": (
        "The person has another link at the court in this role.",
        "The person ends that link first, if this is the right filing account.",
    ),
    "proof_not_valid": (
        "The proof was used before, was too old, or of another session.",
        "The person proves the filing account again.",
    ),
}
_OTHERWISE = ("It was refused.", "Call the PACER Service Center.")


def login_digest(court_id: str, login: str, key: bytes) -> bytes:
    """By what attempts at a login, which must be as it is kept, are found again."""
    return keyed_digest(key, "attempt", court_id, login)


def attempt_of(
    outcome: FilingAccountProved | FilingAccountLinked | LinkRefused,
    court_id: str,
    login: str,
    account_id: UUID,
    key: bytes,
) -> Attempt:
    """How an attempt at a login ended."""
    if isinstance(outcome, LinkRefused):
        word: str = outcome.reason
    else:
        word = "proved" if isinstance(outcome, FilingAccountProved) else "linked"
    return Attempt(
        court_id=court_id,
        login_digest=login_digest(court_id, login, key),
        account_id=account_id,
        outcome=word,
    )


def meaning_of(outcome: str) -> tuple[str, str]:
    """What an outcome means, and what to do next, in plain words."""
    return _MEANINGS.get(outcome, _OTHERWISE)
