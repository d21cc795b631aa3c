"""Each specified sentence of the maps, and each defence, names the tests that show it; they exist."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from shared.messages.base import Event, Message
from shared.messaging.registry import messages_by_name

TESTS = Path(__file__).parent.parent
SENTENCE_COUNTS = {"domain_accounts.toml": 39, "domain_linking.toml": 38}


def sentences_in(map_name: str) -> dict[str, list[str]]:
    """The tests that a map names for each of its sentences, as `path::name`."""
    text = (TESTS / "contract" / map_name).read_text(encoding="utf-8")
    return {each["words"]: each["tests"] for each in tomllib.loads(text)["sentence"]}


SENTENCES = {words: named for name in SENTENCE_COUNTS for words, named in sentences_in(name).items()}


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the tests in a module."""
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


def own_messages() -> list[type[Message]]:
    """The messages of `accounts`."""
    return [kind for kind in messages_by_name().values() if kind.__module__.startswith("shared.messages.acc")]


def fields_of(kind: type[Message]) -> set[str]:
    """The words in the names of a message's fields, as `date` and `birth` of `date_of_birth`."""
    return {word for field in kind.__struct_fields__ for word in field.split("_")}


@pytest.mark.parametrize("map_name", SENTENCE_COUNTS)
def test_there_are_sentences_to_look_at(map_name: str) -> None:
    assert len(sentences_in(map_name)) == SENTENCE_COUNTS[map_name]


def test_no_map_is_left_out() -> None:
    assert {path.name for path in TESTS.glob("contract/domain_*.toml")} == SENTENCE_COUNTS.keys()


@pytest.mark.parametrize("words", SENTENCES, ids=lambda words: words[:40])
def test_each_sentence_has_tests_that_exist(words: str) -> None:
    named = [name.split("::") for name in SENTENCES[words]]

    assert named
    assert [name for path, name in named if name not in names_in(path)] == []


def test_each_test_that_the_page_on_security_names_exists() -> None:
    page = (TESTS.parent / "docs/security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))

    modules = (path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py"))
    assert len(named) > 30
    assert named - {name for path in modules for name in names_in(path)} == set()


def test_no_message_asks_a_security_question() -> None:
    assert len(own_messages()) > 50

    assert [kind for kind in own_messages() if fields_of(kind) & {"question", "questions", "hint"}] == []


def test_no_event_has_a_place_for_birth_address_or_phone() -> None:
    events = [kind for kind in own_messages() if issubclass(kind, Event)]

    assert len(events) > 15
    assert [
        kind for kind in events if fields_of(kind) & {"birth", "address", "phone", "person", "profile"}
    ] == []
