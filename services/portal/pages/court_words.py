"""What `linking` refuses, in words for the person who is refused: what was wrong, and what to do."""

from collections.abc import Mapping

from shared.messages.linking import LinkRefused

_REFUSALS: Mapping[str, str] = {
    "account_not_known_yet": "Your account is new here: try again in a moment.",
    "account_not_active": "Your account isn't active, so it can't file. The PACER Service Center can help.",
    "email_not_verified": "Verify your e-mail address first: use the link in the mail that we sent you.",
    "upgrade_first": "Upgrade your account first: then it can be linked.",
    "not_an_individual": "This is a firm's account. Whoever files needs an individual account of their own.",
    "session_level_too_low": "This needs a second factor: sign in with a one-time passcode.",
    "court_not_known": "Select a court from the list.",
    "court_not_live": "This court still takes its own logins. Link once it has gone live on NextGen.",
    "login_or_password_wrong": "The CM/ECF login or the password is wrong, or the code is wrong or too old."
    " If you don't remember them, ask the court for a linking code.",
    "too_many_attempts": "There were too many attempts. Wait a quarter of an hour, or call the court.",
    "filing_account_already_linked": "This filing account is linked to another PACER account. The court has"
    " been told, and will get in touch.",
    "role_already_linked_at_court": "You have a link in this role at this court already.",
    "proof_not_valid": "Too much time has passed, or this was confirmed before. Begin anew.",
}
_OWN = "You have linked this filing account already: you file with it by your PACER login."
_NOT_UNLINKED: Mapping[str, str] = {
    "link_not_found": "You have no such link.",
    "already_unlinked": "This link had ended already.",
    "session_level_too_low": _REFUSALS["session_level_too_low"],
}


def say(reason: str) -> str:
    """Why there is no link, or why links don't count."""
    return _REFUSALS.get(reason) or reason.replace("_", " ").capitalize() + "."


def say_refusal(refused: LinkRefused) -> str:
    """Why there is no link; whoever holds the filing account already has nothing to wait for."""
    return _OWN if refused.is_own else say(refused.reason)


def say_unlinking(reason: str) -> str:
    """Why a link was not ended."""
    return _NOT_UNLINKED.get(reason) or reason.replace("_", " ").capitalize() + "."
