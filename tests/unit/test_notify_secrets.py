"""Secrets in letters: each keeps the name that it has in its event, since it opens under no other."""

from typing import Any

import pytest

from shared.messages.base import Event
from shared.sealed import sealed_fields
from tests.unit.letters import Expected
from tests.unit.test_notify_rules import EXPECTED, a_directory

WITH_SECRETS: list[Expected] = [row for row in EXPECTED if any(sealed_fields(row[1]))]


@pytest.mark.parametrize(("rule", "event", "expected"), WITH_SECRETS)
def test_a_secret_keeps_the_name_that_it_was_sealed_with(rule: Any, event: Event, expected: Any) -> None:
    letters = rule(event, a_directory())

    assert {name for letter in letters for name in letter.sealed} == {
        name for name, _ in sealed_fields(event)
    }
