"""The route table of the JSON API: whole, and true to what the services answer."""

from typing import Any, get_args, get_type_hints

import pytest

from deploy.tool.contracts import route_tables
from services.portal.api.v1.answers import REASONS, REFUSALS, codes_of, opened_fields
from services.portal.api.v1.route import Route
from services.portal.api.v1.serving import LEFT_OUT, ROUTES
from shared.messages.accounts import Busy
from shared.messages.base import Command, Event, Message, Query
from shared.messages.linking import ProvingBusy, RosterBusy

SERVICES = ("accounts", "linking")
BUSY = {Busy, ProvingBusy, RosterBusy}


def handlers() -> dict[type[Message], Any]:
    found: dict[type[Message], Any] = {}
    for service in route_tables():
        if service.name in SERVICES:
            found |= service.handles | service.answers | service.lookups | service.checks
    return found


def outcomes_of(handler: Any) -> set[type[Message]]:
    """What a handler says that it returns, without what any request may get."""
    returned = get_type_hints(handler)["return"]
    kinds = set(get_args(returned) or (returned,))
    return {kind for kind in kinds - BUSY if kind is Message or kind.message_owner() != "shared"}


def test_whatever_a_person_or_anyone_speaks_has_a_route_or_a_reason_to_have_none() -> None:
    spoken = {
        kind
        for kind in handlers()
        if issubclass(kind, Command | Query) and kind.spoken_by in ("account", "anyone")
    }

    routed = [route.message for route in ROUTES]

    assert set(routed) | set(LEFT_OUT) == spoken
    assert len(routed) == len(set(routed))
    assert not set(routed) & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


def test_no_two_routes_have_one_address() -> None:
    names = [route.name for route in ROUTES]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_route_answers_what_its_handler_returns(route: Route) -> None:
    returned = outcomes_of(handlers()[route.message])

    if Message not in returned:
        assert set(route.answers) == returned
    assert route.answers[0] not in REFUSALS, "the success comes first"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_get_changes_nothing(route: Route) -> None:
    assert (route.method == "GET") == issubclass(route.message, Query)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_field_comes_from_one_place(route: Route) -> None:
    body = route.body.__struct_fields__ if route.body is not None else ()
    parameters = route.parameters.__struct_fields__

    named = [*parameters, *body, *[route.head_field] * bool(route.head_field)]

    assert sorted([*named, *["network"] * route.is_told_network]) == sorted(route.message.__struct_fields__)
    assert set(route.in_path) <= set(parameters)
    assert not set(route.secrets) & set(parameters), "no secret is part of an address"


def test_no_event_that_is_answered_holds_a_secret() -> None:
    answered = {kind for route in ROUTES for kind in route.answers}

    assert not [kind for kind in answered if issubclass(kind, Event) and opened_fields(kind)]


def test_every_refusal_and_reason_in_the_table_exists() -> None:
    answered = {kind for route in ROUTES for kind in route.answers}

    codes = {kind: codes_of(kind) for kind in REFUSALS}

    assert set(REFUSALS) <= answered
    assert set(REASONS) <= set().union(*codes.values())
    assert all(400 <= status < 500 for found in codes.values() for status in found.values())
