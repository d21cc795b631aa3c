"""What stands in the way of a redrive, and what an operator sees of a body."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from deploy.tool.bodies import show_body
from deploy.tool.operating import printable
from deploy.tool.stepping import Pace
from deploy.tool.tracing import TracedMessage, in_order
from shared.messages.accounts import SignIn
from shared.messages.linking import ConfirmLink
from shared.messaging.ids import new_id
from shared.messaging.parked import ParkedRow, account_in
from shared.messaging.redrives import envelope_of, find_obstacle, outgoing_of
from shared.sealed import Sealed

NOW = datetime(2024, 2, 1, 18, tzinfo=UTC)
START = datetime(2023, 8, 1, tzinfo=UTC)


def a_parked_row(**changes: Any) -> ParkedRow:
    """A court's batch that failed and may be redriven; name what differs."""
    usual: dict[str, Any] = {
        "id": uuid4(),
        "queue": "paa_billing.bulk",
        "message_id": new_id(NOW),
        "type": "paa_billing.record_usage.v1",
        "sender": "ncwbk",
        "correlation_id": new_id(NOW),
        "account_id": None,
        "headers": {"cloudEvents:time": NOW.isoformat(), "x-sender": "operator"},
        "body": b"{}",
        "reason": "failed",
        "error": "",
        "attempts": 5,
        "parkings": 2,
        "parked_at": NOW,
        "first_parked_at": NOW - timedelta(days=1),
        "settled_at": None,
    }
    return ParkedRow(**{**usual, **changes})


@pytest.mark.parametrize(
    ("obstacle", "changes"),
    [
        ("it is settled", {"settled_at": NOW}),
        ("its body is gone", {"body": None}),
        ("its envelope can't be read", {"message_id": None}),
        ("its envelope can't be read", {"sender": None}),
        ("no wait queue leads to accounts.queries", {"queue": "accounts.queries"}),
        ("no wait queue leads to accounts.dead", {"queue": "accounts.dead"}),
        ("it needs its sender's assertion", {"type": ConfirmLink.message_name()}),
        ("its deadline has passed", {"headers": {"deadline": NOW.isoformat()}}),
        ("it is older than the inbox", {"message_id": new_id(START - timedelta(milliseconds=1))}),
        ("another message was handled under its id", {"reason": "poison"}),
    ],
)
def test_what_cannot_be_redriven_is_refused_with_its_reason(obstacle: str, changes: dict[str, Any]) -> None:
    found = find_obstacle(a_parked_row(**changes), START, NOW, NOW)

    assert found.startswith(obstacle)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"message_id": new_id(START)},
        {"message_id": UUID(int=(1 << 128) - 1)},
        {"headers": {"deadline": (NOW + timedelta(seconds=1)).isoformat()}},
        {"headers": {"deadline": "whenever"}},
        {"type": "paa_billing.of_tomorrow.v9"},
        {"reason": "poison", "parked_at": NOW - timedelta(seconds=1)},
    ],
)
def test_everything_else_is_redriven(changes: dict[str, Any]) -> None:
    assert find_obstacle(a_parked_row(**changes), START, NOW, NOW) == ""


def test_a_redriven_message_goes_to_its_own_queue_as_its_first_senders() -> None:
    outgoing = outgoing_of(a_parked_row())

    assert (outgoing.exchange, outgoing.routing_key) == ("paa_billing.wait", "5s.paa_billing.bulk")
    assert (outgoing.original_sender, outgoing.attempt) == ("ncwbk", 1)
    assert outgoing.is_persistent
    assert envelope_of(a_parked_row()).parked_at == NOW - timedelta(days=1)


def test_a_body_is_shown_without_what_is_or_should_be_sealed() -> None:
    sealed = Sealed(reader="accounts", public_key=b"key", ciphertext=b"planted", expires_at=NOW)
    right = msgspec.json.encode({"user_name": "jane", "password": sealed, "passcode": None})
    wrong = b'{"user_name": "jane", "password": "planted", "passwort": "planted"}'

    shown = msgspec.json.decode(show_body(SignIn.message_name(), right))
    of_wrong = msgspec.json.decode(show_body(SignIn.message_name(), wrong))

    assert shown == {"user_name": "jane", "password": "(sealed)", "passcode": None}
    assert of_wrong["password"] == "(sealed)"
    assert of_wrong["passwort"].startswith("(withheld")


@pytest.mark.parametrize(
    ("type_name", "body"),
    [
        ("accounts.of_tomorrow.v9", b'{"pin": "planted"}'),
        (None, b"planted"),
        (SignIn.message_name(), b"planted{"),
    ],
)
def test_a_body_that_cannot_be_understood_is_not_shown(type_name: str | None, body: bytes) -> None:
    assert "planted" not in show_body(type_name, body)
    assert f"{len(body)} bytes" in show_body(type_name, body)


def test_the_account_is_found_in_a_body_whose_rest_is_wrong() -> None:
    account = uuid4()

    assert account_in(f'{{"account_id": "{account}", "version": "nonsense"}}'.encode()) == account
    assert [account_in(body) for body in (b"{", b"[]", b'{"account_id": 7}', b"\xff", b"[" * 100_000)] == [
        None
    ] * 5


def test_steps_grow_to_a_hundred_unless_a_size_is_given() -> None:
    growing, fixed = Pace().sizes(), Pace(step=10).sizes()

    assert [next(growing) for _ in range(4)] == [1, 10, 100, 100]
    assert [next(fixed) for _ in range(3)] == [10, 10, 10]


def test_what_would_steer_a_terminal_is_not_printed() -> None:
    assert printable("\x1b[2Jaccounts\x9b\n") == "?[2Jaccounts??"


def test_causes_that_form_a_circle_are_all_drawn_once() -> None:
    first, second, third = new_id(NOW), new_id(NOW), new_id(NOW)
    causes = {first: second, second: first, third: first}
    messages = {
        each: TracedMessage(message_id=each, type="t", causation_id=cause, at=NOW)
        for each, cause in causes.items()
    }

    assert sorted(message.message_id for message in in_order(messages)) == sorted(messages)
