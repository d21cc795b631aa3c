"""The description of the JSON API: whole, and its examples true."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from deploy.tool.openapi import openapi
from services.portal.api.v1.serving import PREFIX, ROUTES

DOCUMENT: dict[str, Any] = json.loads(openapi())
Example = tuple[str, dict[str, Any], Any]


def examples() -> Iterator[Example]:
    """Where an example stands, the schema that it is an example of, and what it says."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            for parameter in operation["parameters"]:
                if "example" in parameter:
                    yield f"{where} {parameter['name']}", parameter["schema"], parameter["example"]
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                for content in body.get("content", {}).values():
                    if "example" in content:
                        yield where, content["schema"], content["example"]


@pytest.mark.parametrize("example", tuple(examples()), ids=lambda example: example[0])
def test_an_example_is_one_of_what_it_stands_beside(example: Example) -> None:
    _, schema, said = example
    whole = {**schema, "components": DOCUMENT["components"]}

    problems = [str(error) for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(said)]

    assert not problems


def test_every_route_is_described_and_nothing_else() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}

    assert described == {(route.method, PREFIX + route.path) for route in ROUTES}


def test_every_operation_has_a_body_or_parameter_with_an_example_and_an_answer_with_one() -> None:
    silent = []
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            success = next(iter(operation["responses"].values()))
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {"example": 1})
            if "example" not in body or "example" not in success["content"]["application/json"]:
                silent.append((method, path))

    assert not silent
