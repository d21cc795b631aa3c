"""What holds for the types that messages' fields share."""

import re
from collections.abc import Iterator

import msgspec
import pytest
from msgspec import inspect

from shared.messages.accounts import EmailAddress
from shared.messages.base import AccountNumber, Command, CourtId, LongText, ShortText
from shared.messages.linking import FilingLogin, HelpDesk, Remark
from shared.messages.paa_billing import Quarter, RegisterFirm
from shared.messaging.registry import messages_by_name
from shared.sealed import Sealed


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (AccountNumber, "1234567"),
        (CourtId, "ncwbk"),
        (EmailAddress, "ada@mail.example"),
        (FilingLogin, "awhitfield"),
        (Quarter, "2024-Q1"),
        (ShortText, "Hollis & Crane LLP"),
        (LongText, "linked by mistake"),
    ],
)
def test_a_value_with_a_line_end_behind_it_is_refused(kind: object, value: str) -> None:
    assert msgspec.convert(value, kind) == value  # type: ignore[call-overload]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(value + "\n", kind)  # type: ignore[call-overload]


def test_every_message_name_says_owner_fact_and_version() -> None:
    for name in messages_by_name():
        assert re.fullmatch(
            r"(accounts|linking|paa_billing|notify|shared)\.[a-z][a-z0-9_]*\.v[0-9]+", name
        ), name


HOSTILE = (
    *("NUL\x00", "Evil\r\nBcc: x@y.example", "tab\tbed", "\x1b[31mred", "\x85", "\u2028", "\u2029"),
    *("\u202eabc", "\u2066abc\u2069", "\u200fabc", "zero\u200bwidth", "\ufeff"),
)
GOOD = (
    "Hollis & Crane, PLLC",
    "Zo\u00eb O\u2019Hara-Nu\u00f1ez",
    "\u674e\u660e",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    " a ",
)
PERSONAL = (
    *("first_name", "last_name", "address", "city", "state"),
    *("postal_code", "county", "phone", "user_type"),
)
CHECKED_BY_ITS_SERVICE = {
    *("RegisterAccount.user_name", "UpgradeAccount.user_name", "AskVerificationAgain.user_name"),
    *("SignIn.user_name", "AskRecovery.user_name", "AskUserName.email", "Person.email"),
    *("ChangeEmail.email", "ChangeUserName.user_name", "AuthenticateClient.login_id"),
    *("AuthenticateClient.redact_flag", "CorrectUnprovedAddress.email"),
    *(f"{whose}.{field}" for whose in ("Person", "Profile") for field in PERSONAL),
    *(f"LegacyAccount.{field}" for field in ("user_name", "kind", "first_name", "last_name", "email")),
    *(f"RosterRow.{field}" for field in ("login", "name", "email", "role")),
}
"""Rules refuse these by row and field, or compare them with what can't hold such a thing."""


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_holds_what_is_hidden_or_turns_the_direction(text: str) -> None:
    for kind in (ShortText, LongText, FilingLogin, HelpDesk, Remark):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(text, kind)  # type: ignore[call-overload]


@pytest.mark.parametrize("text", GOOD)
def test_names_of_all_scripts_are_taken_as_they_are(text: str) -> None:
    for kind in (ShortText, LongText):
        assert msgspec.convert(text, kind) == text  # type: ignore[call-overload]


@pytest.mark.parametrize("text", ["", " ", "   ", "\u00a0", "\u3000", "\u200d"])
def test_a_blank_name_is_refused_and_the_field_is_named(text: str) -> None:
    body = msgspec.json.encode({"type": "paa_billing.register_firm.v1", "name": text})

    with pytest.raises(msgspec.ValidationError, match=re.escape("$.name")):
        RegisterFirm.from_json(body)


def test_every_text_of_every_command_refuses_a_nul_or_is_checked_by_its_service() -> None:
    open_texts = {
        where
        for message in messages_by_name().values()
        if issubclass(message, Command) and message.__module__.startswith("shared.messages")
        for where, kind in texts_of(inspect.type_info(message))
        if not kind.pattern or re.search(kind.pattern, "a\x00b@c")
    }

    assert open_texts == CHECKED_BY_ITS_SERVICE


def texts_of(kind: inspect.Type) -> Iterator[tuple[str, inspect.StrType]]:
    """Every text in a struct, by struct and field, however deep; what is sealed is no text."""
    match kind:
        case inspect.StructType(cls=cls) if cls is not Sealed:
            for field in kind.fields:
                for found in (field.type, *getattr(field.type, "types", ())):
                    if isinstance(found, inspect.StrType):
                        yield f"{cls.__name__}.{field.name}", found
                    yield from texts_of(found)
        case inspect.VarTupleType() | inspect.ListType():
            yield from texts_of(kind.item_type)
