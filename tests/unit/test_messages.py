"""What holds for the types that messages' fields share."""

import re

import msgspec
import pytest

from shared.messages.accounts import EmailAddress
from shared.messages.base import AccountNumber, CourtId
from shared.messages.linking import FilingLogin
from shared.messages.paa_billing import Quarter
from shared.messaging.registry import messages_by_name


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (AccountNumber, "1234567"),
        (CourtId, "ncwbk"),
        (EmailAddress, "ada@mail.example"),
        (FilingLogin, "awhitfield"),
        (Quarter, "2024-Q1"),
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
