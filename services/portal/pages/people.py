"""What a person says of themselves, as forms give it: for registering and for upgrading."""

from typing import Any

import msgspec

from services.portal.web.forms import Form
from shared.messages.accounts import Person, UserName

USER_TYPES = (
    "Attorney",
    "Court staff",
    "Creditor",
    "Filing agent",
    "Government",
    "Media",
    "Party without an attorney",
    "Researcher or educator",
    "Transcriber",
    "Trustee",
    "U.S. trustee",
    "Somebody else",
)
_MISSING = {  # in the order of the form
    "first_name": "Enter your first name.",
    "last_name": "Enter your last name.",
    "date_of_birth": "Enter your date of birth.",
    "user_type": "Select what you are.",
    "email": "Enter an e-mail address like name@example.com.",
    "phone": "Enter your telephone number.",
    "address": "Enter your street address.",
    "city": "Enter your city.",
    "state": "Enter your state or territory.",
    "postal_code": "Enter your ZIP or postal code.",
    "county": "Enter your county.",
    "user_name": "Choose a user name of 8 to 45 characters.",
    "password": "Choose a password of 14 characters or more.",
}
FIELDS = frozenset(_MISSING)
_TYPES: dict[str, Any] = {
    **{field.name: field.type for field in msgspec.structs.fields(Person)},
    "user_name": UserName,
}


def texts_of(form: Form) -> dict[str, str]:
    """What was filled in, but the password."""
    return form.texts(*_TYPES)


def find_errors(texts: dict[str, str], password: str) -> dict[str, str]:
    """What can't be sent at all, by field, in the order of the form."""
    wrong = {name for name, text in texts.items() if not _fits(text, _TYPES[name])}
    if not password:
        wrong.add("password")
    return {name: text for name, text in _MISSING.items() if name in wrong}


def person_of(texts: dict[str, str]) -> Person:
    """The person of a form without errors."""
    data = {name: text for name, text in texts.items() if name != "user_name"}
    return msgspec.convert(data, Person)


def _fits(text: str, kind: Any) -> bool:
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        return False
    return True
