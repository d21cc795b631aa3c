"""OpenAPI 3.1 of the JSON API, made from its route table, the messages' docstrings and the golden samples."""

import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from deploy.tool.message_schemas import schemas_of
from deploy.tool.openapi_answers import COMMON_PROBLEMS, common_statuses, reasons_by_status
from deploy.tool.openapi_examples import example_of
from services.portal.api.v1.answers import REFUSALS, shown_struct
from services.portal.api.v1.reading import KEY
from services.portal.api.v1.route import Route
from services.portal.api.v1.serving import PREFIX, ROUTES
from services.portal.web.problems import JSON_TYPE, ProblemShown

DOCUMENT = "services/portal/api/v1/openapi.json"
"""Where the edge reads it; `docs/openapi.json` leads there."""
_ABOUT = """\
The commands and queries of accounts and linking, for programs.

Sign in at `POST /sessions`, make a personal token at `POST /me/personal-tokens`, and send either as
`Authorization: Bearer ...`. Cookies are not looked at. What has happened is answered as JSON with its kind in
`type`; what was refused as a problem (RFC 9457), whose `code` is for programs and stays.

A command may carry an `Idempotency-Key`, a UUIDv7: sent again with the same key it is answered the same and
done once, also after an answer that never came. Signing in and proving a filing account are no such commands:
each try counts. A secret in an answer is shown once."""
_KEY = {
    "name": KEY,
    "in": "header",
    "required": False,
    "description": "a UUIDv7 of the last 24 hours; sent again with it, a command is done once",
    "schema": {"type": "string", "format": "uuid"},
}


def openapi() -> bytes:
    """The document, as it is written."""
    shown = {kind: shown_struct(kind) for route in ROUTES for kind in route.answers if kind not in REFUSALS}
    structs: dict[str, type[msgspec.Struct]] = {"problem": ProblemShown}
    structs |= {kind.message_name(): struct for kind, struct in shown.items()}
    structs |= {f"body of {route.name}": route.body for route in ROUTES if route.body is not None}
    structs |= {f"parameters of {route.name}": route.parameters for route in ROUTES}
    schemas = schemas_of(structs)
    components = dict(schemas.components)
    parameters = {route: components.pop(schemas.messages[f"parameters of {route.name}"]) for route in ROUTES}
    for schema in components.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in ROUTES:
        paths[PREFIX + route.path][route.method.lower()] = _operation(route, parameters[route])
    document = {
        "openapi": "3.1.0",
        "info": {"title": "CM/ECF NextGen accounts", "version": "1", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "a token"}},
            "schemas": components,
            "responses": {str(status): _problem(text) for status, text in COMMON_PROBLEMS.items()},
        },
    }
    encoded = msgspec.json.encode(document).replace(b'"#/$defs/', b'"#/components/schemas/')
    return msgspec.json.format(encoded, indent=1) + b"\n"


def _operation(route: Route, parameters: Mapping[str, Any]) -> dict[str, Any]:
    first, _, rest = inspect.cleandoc(route.message.__doc__ or "").partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": route.message.__name__,
        "tags": [route.message.message_owner()],
        "summary": " ".join(first.split()),
        "security": [{"token": []}] if route.is_for_account or route.head_field else [],
        "parameters": [*_parameters(route, parameters), *[_KEY] * route.is_command],
        "responses": dict(_responses(route)),
    }
    if rest:
        operation["description"] = " ".join(rest.split())
    if route.body is not None:
        content = {
            "schema": {"$ref": f"#/$defs/{route.body.__name__}"},
            "example": example_of(route.message, route.body),
        }
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _parameters(route: Route, schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    examples = example_of(route.message, route.parameters)
    for name, said in schema["properties"].items():
        parameter = {
            "name": name,
            "in": "path" if name in route.in_path else "query",
            "required": name in schema.get("required", ()),
            "schema": said,
        }
        yield parameter if examples[name] is None else {**parameter, "example": examples[name]}


def _responses(route: Route) -> Iterator[tuple[str, dict[str, Any]]]:
    done = [kind for kind in route.answers if kind not in REFUSALS]
    references = [{"$ref": f"#/$defs/{kind.__name__}"} for kind in done]
    content = {
        "schema": references[0] if len(done) == 1 else {"oneOf": references},
        "example": example_of(done[0], shown_struct(done[0])),
    }
    yield (
        str(route.status),
        {
            "description": " ".join(inspect.cleandoc(done[0].__doc__ or "").partition("\n\n")[0].split()),
            "content": {"application/json": content},
            **_link(route),
        },
    )
    own = reasons_by_status(route)
    for status in sorted(common_statuses(route) | own.keys()):
        if status not in own:
            yield str(status), {"$ref": f"#/components/responses/{status}"}
        else:
            codes = ", ".join(f"`{code}`" for code in sorted(own[status]))
            common = COMMON_PROBLEMS[status] if status in common_statuses(route) else ""
            yield str(status), _problem(f"Not done: {codes}. {common}".strip())


def _link(route: Route) -> dict[str, Any]:
    if route.next_page is None:
        return {}
    text = 'the next page, if there is one: `<address>; rel="next"`'
    return {"headers": {"Link": {"description": text, "schema": {"type": "string"}}}}


def _problem(text: str) -> dict[str, Any]:
    return {"description": text, "content": {JSON_TYPE: {"schema": {"$ref": "#/$defs/ProblemShown"}}}}
