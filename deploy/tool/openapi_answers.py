"""Which problems each route of the JSON API may be answered with."""

from collections import defaultdict

from services.portal.api.v1.answers import REFUSALS, codes_of
from services.portal.api.v1.route import Route

COMMON_PROBLEMS = {
    400: "The Idempotency-Key is no UUIDv7 of the last 24 hours, or the body is no JSON.",
    401: "No token, or one that opens nothing (any more).",
    403: "The account, the session or the token may not do this; or a browser sent it from another site.",
    404: "There is nothing of this name, or nothing that belongs to the account.",
    408: "The body came too slowly.",
    409: "This Idempotency-Key was used for something else; nothing has changed.",
    413: "The body is too long.",
    415: "The body isn't said to be JSON.",
    422: "A field is missing, unknown, or not what it may be; `field` says which.",
    429: "This network has sent too many of these; Retry-After says when to ask again.",
    503: "Not available just now; Retry-After says when to ask again, under the same key.",
}


def common_statuses(route: Route) -> set[int]:
    """What a route may be answered with, whichever its message is."""
    statuses = {422, 503}
    if route.is_command:
        statuses |= {400, 403, 409}
    if route.body is not None:
        statuses |= {408, 413, 415}
    if route.is_for_account:
        statuses |= {401, 403, 404}
    if route.head_field:
        statuses.add(401)
    if route.in_path:
        statuses.add(404)
    if route.is_limited:
        statuses.add(429)
    return statuses


def reasons_by_status(route: Route) -> dict[int, set[str]]:
    """The codes of a route's own refusals, by the status that each has."""
    found: dict[int, set[str]] = defaultdict(set)
    for kind in route.answers:
        if kind in REFUSALS:
            for code, status in codes_of(kind).items():
                found[status].add(code)
    return found
