"""What is said of a body that can't be read: where it is wrong, and nothing of what was sent."""

import json

import pytest

from shared.errors import UndecodableError
from shared.messages.accounts import RegisterAccount
from shared.messages.linking import SetGoLive
from shared.messaging.registry import decode

PLANTED = "PLANTED-hunter2"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"type": PLANTED}, "type"),
        ({"type": RegisterAccount.message_name(), "kind": PLANTED}, "$.kind"),
        ({"type": RegisterAccount.message_name(), "person": {PLANTED: 1}}, "person"),
        (
            {"type": RegisterAccount.message_name(), "person": {"first_name": "x" * 201 + PLANTED}},
            "first_name",
        ),
        ({"type": RegisterAccount.message_name(), "user_name": [PLANTED]}, "user_name"),
    ],
)
def test_nothing_of_the_body_is_told(body: dict[str, object], told: str) -> None:
    with pytest.raises(UndecodableError) as refused:
        decode(RegisterAccount.message_name(), json.dumps(body).encode())

    assert PLANTED not in refused.value.problem
    assert told in refused.value.problem


def test_a_missing_field_is_named() -> None:
    with pytest.raises(UndecodableError) as refused:
        decode(SetGoLive.message_name(), json.dumps({"type": SetGoLive.message_name()}).encode())

    assert "`court_id`" in refused.value.problem
