"""What the services refuse, in words for people: what was wrong, and what to do."""

from collections.abc import Mapping

REFUSALS: Mapping[str, str] = {
    "text_not_allowed": "Fill this in on one line, without special signs.",
    "user_name_taken": "This user name is taken: choose another.",
    "user_name_not_allowed": "Choose 8 to 45 characters: letters, digits, and . _ @ -",
    "user_name_not_new": "This is the user name already.",
    "password_too_short": "The password is too short: it needs 14 characters or more.",
    "password_too_long": "The password is too long: it may have 128 characters.",
    "password_too_common": "This password is used by many people, and tried first: choose another.",
    "password_holds_own_data": "The password holds a part of your name, user name or e-mail address:"
    " choose another.",
    "password_needs_classes": "The password needs a lower-case letter, an upper-case one and a special sign.",
    "present_password_wrong": "This is not the present password.",
    "email_not_allowed": "Mail can't be sent to this address: give one like name@example.com.",
    "email_not_new": "This is the address already.",
    "date_of_birth_not_possible": "Nobody is born on this date: check the year.",
    "already_upgraded": "This account is upgraded already.",
    "shared_login_cannot_be_upgraded": "Several people use this login, so it can't be upgraded:"
    " each of them registers an account.",
    "kind_cannot_change": "The kind of an account can't be changed.",
    "passcode_missing": "The account has an authenticator: enter its present code, or a backup code.",
    "passcode_wrong": "The code is wrong, or was used before: wait for the next one.",
    "code_wrong": "The code is wrong, or was used before: wait for the next one.",
    "too_many": "There are ten authenticators already: remove one first.",
    "name_taken": "Another authenticator has this name: choose another.",
    "name_not_allowed": "Choose a name on one line, without special signs.",
    "no_authenticator": "Add an authenticator first: backup codes stand in for it.",
    "paa_administrator": "A firm's account must have an authenticator: add another before you remove it.",
    "linked_filer": "Who files must have an authenticator: add another before you remove this one.",
    "role_holder": "Who holds a role must have an authenticator: add another before you remove this one.",
    "not_found": "There is no such authenticator any more: look at the list again.",
}


def say(reason: str) -> str:
    """A reason in words; one without words of its own is said as it is."""
    return REFUSALS.get(reason) or reason.replace("_", " ").capitalize() + "."


def at_field(reason: str, field: str, fields: frozenset[str]) -> dict[str, str]:
    """The same at the field of a form that it is about; elsewhere on top of the page alone."""
    name = field.rpartition(".")[2]
    return {name if name in fields else "": say(reason)}
