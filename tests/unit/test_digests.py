"""Digests that are kept: a field that a later release adds, with its default, changes none."""

from datetime import UTC, datetime

import msgspec

from services.paa_billing.rules.records import digest_of
from shared.messages.accounts import AskRecovery
from shared.messages.base import Command
from shared.messages.paa_billing import UsageRecord
from shared.messaging.ids import new_id
from shared.sealed import said_by
from tests.messaging import NOON, seals_of


class Part(msgspec.Struct, frozen=True):
    name: str


class PartLater(msgspec.Struct, frozen=True):
    name: str
    note: str = ""


class Old(Command, frozen=True, kw_only=True, tag="notify.test_old.v1"):
    word: str
    parts: tuple[Part, ...] = ()


class Later(Command, frozen=True, kw_only=True, tag="notify.test_old.v1"):
    word: str
    parts: tuple[PartLater, ...] = ()
    colour: str | None = None
    labels: tuple[str, ...] = ()


def digest(message: Command) -> bytes:
    return seals_of("notify").digest(message, new_id(NOON), "portal")


def test_a_message_has_the_same_digest_when_a_field_was_added() -> None:
    before = digest(Old(word="a", parts=(Part("x"),)))

    assert digest(Later(word="a", parts=(PartLater("x"),))) == before
    assert digest(Later(word="a", parts=(PartLater("x"),), colour="red")) != before
    assert digest(Later(word="a", parts=(PartLater("x", "y"),))) != before
    assert digest(Old(word="b", parts=(Part("x"),))) != before


def test_a_value_that_is_not_the_default_is_said() -> None:
    assert said_by(Later(word="a", labels=("b",))) == {"word": "a", "labels": ["b"]}


def test_a_use_has_a_digest_over_what_is_said_alone() -> None:
    use = UsageRecord(
        usage_id="u",
        account_number="1000011",
        used_at=datetime(2024, 2, 1, tzinfo=UTC),
        kind="document",
        pages=3,
    )

    written = msgspec.json.decode(msgspec.json.encode(use))

    assert set(written) == {"usage_id", "account_number", "used_at", "kind", "pages"}
    assert digest_of(use) != digest_of(msgspec.structs.replace(use, client_code="matter-1"))


def test_where_a_request_came_from_is_no_part_of_what_is_asked() -> None:
    asked = AskRecovery(user_name="jpublic", network="192.0.2.0/24")

    assert digest(asked.with_changes(network="198.51.100.0/24")) == digest(asked)
    assert digest(asked.with_changes(user_name="jpublic2")) != digest(asked)
