"""Courts' machines: report usage, ask what became of it, and check whose session a token is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from services.portal.api.cso import TOKEN_LENGTH
from services.portal.api.v1.reading import JSON, check_type, token_in
from services.portal.web.asking import Caller, expect
from services.portal.web.machines import Machine
from services.portal.web.problems import Problem
from shared.errors import UndecodableError
from shared.messages.linking.filing import Filer, FilersFound, FilingRefused, WhoFilesHere
from shared.messages.paa_billing import RecordUsage
from shared.messages.paa_billing.reporting import ReportUsage, UsageBatchShown, WhatBecameOfBatch
from shared.messaging.ids import child_id, is_acceptable_from_outside, new_id
from shared.messaging.registry import MAXIMUM_BODY_BYTES, decode

BATCHES = "/courts/v1/usage-batches"
COOKIE, HEADER = "NextGenCSO", "X-NEXT-GEN-CSO"
"""As which existing clients carry a token: to a court's page, and to an API."""
WHY_NOT: Mapping[str, str] = {
    "account_not_active": "The account isn't active.",
    "email_not_verified": "The address of the account isn't verified.",
    "upgrade_first": "The account is from before 2014-08-11 and must be upgraded first.",
    "not_an_individual": "It is a firm's account; only people file.",
    "court_not_known": "The court isn't known.",
    "court_not_live": "The court isn't live yet.",
    "not_linked": "No filing account of this court is linked to the account.",
}


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A batch is kept safely, and will be settled; `message_id` is what a letter about it would name."""

    court_id: str
    batch_id: UUID
    message_id: UUID
    record_count: int


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a court's machine was shown by somebody's browser or program."""

    token: str = ""


class FilerShown(msgspec.Struct, frozen=True, kw_only=True):
    """As whom the session's holder files at the court."""

    login: str
    name: str
    role: str


class FilersShown(msgspec.Struct, frozen=True, kw_only=True):
    """By role; `client_code` and `serves_search` are of the session."""

    court_id: str
    filers: tuple[FilerShown, ...]
    serves_search: bool
    client_code: str


@post(BATCHES, status_code=202, request_max_body_size=MAXIMUM_BODY_BYTES)
async def report_usage(request: Request[Any, Any, Any], caller: Caller) -> Response[bytes]:
    """Take a batch over; the broker has it safely once this is answered. The same batch again is harmless."""
    machine = _machine(request, caller)
    check_type(request.headers.get("content-type", ""))
    batch = _read_batch(await request.body(), caller)
    message_id = child_id(batch.batch_id, f"usage of {batch.court_id}", 0)
    resolved = await machine.resolve(batch, message_id)
    if resolved.court_id != batch.court_id:
        raise Problem(
            403, "another_court", "Another court", "A court reports for itself only.", field="court_id"
        )
    await caller.tell(resolved.assertion, batch, message_id)
    receipt = Receipt(
        court_id=batch.court_id,
        batch_id=batch.batch_id,
        message_id=message_id,
        record_count=len(batch.records),
    )
    return _answer(receipt, 202, {"location": f"{BATCHES}/{batch.batch_id}"})


@get(BATCHES + "/{batch_id:str}")
async def show_batch(request: Request[Any, Any, Any], caller: Caller, batch_id: str) -> Response[bytes]:
    """What became of a batch of the asking court until now."""
    answer = await _machine(request, caller).ask(WhatBecameOfBatch(batch_id=_read_id(batch_id)))
    return _answer(expect(answer.message, UsageBatchShown))


@post("/courts/v1/filers", status_code=200)
async def find_filers(request: Request[Any, Any, Any], caller: Caller) -> Response[bytes]:
    """As whom the holder of a session files at the asking court. Raises Problem if as nobody, and why."""
    court_id = await _machine(request, caller).court_id()
    holder = replace(caller, token=await _token_shown(request))
    question, message_id = WhoFilesHere(court_id=court_id), new_id(caller.services.now())
    session = await holder.find_session(question, message_id)
    if session is None:
        raise Problem(403, "no_session", "No session", "The token is of no session that could file.")
    found = (await caller.ask_with(session.assertion, question, message_id)).message
    if isinstance(found, FilingRefused):
        raise Problem(403, found.reason, "Can't file here", WHY_NOT[found.reason])
    filers = expect(found, FilersFound).filers
    shown = FilersShown(
        court_id=court_id,
        filers=tuple(map(_shown, filers)),
        serves_search=session.serves_search,
        client_code=session.client_code,
    )
    return _answer(shown)


def _machine(request: Request[Any, Any, Any], caller: Caller) -> Machine:
    return Machine(caller=caller, credential=token_in(request.headers.get("authorization", "")))


def _read_batch(body: bytes, caller: Caller) -> ReportUsage:
    """The batch in a body, which is that of `record_usage`. Raises Problem."""
    try:
        read = expect(decode(RecordUsage.message_name(), body), RecordUsage)
    except UndecodableError as error:
        raise Problem(422, "malformed", "Not understood", error.problem) from None
    if not is_acceptable_from_outside(read.batch_id, caller.services.now()):
        raise Problem(
            422,
            "batch_id_unusable",
            "Unusable batch id",
            "A batch id is a UUIDv7, made within the last 24 hours.",
            field="batch_id",
        )
    batch = ReportUsage(court_id=read.court_id, batch_id=read.batch_id, records=read.records)
    if len(msgspec.json.encode(batch)) > MAXIMUM_BODY_BYTES:
        raise Problem(413, "refused", "Too long", f"A batch has at most {MAXIMUM_BODY_BYTES // 1024} KiB.")
    return batch


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Problem(404, "not_found", "Not found", "A batch's id is a UUID.", field="batch_id") from None


async def _token_shown(request: Request[Any, Any, Any]) -> str:
    """The token in the body, else in the head; nothing for what can't be one."""
    body = await request.body()
    said = Shown()
    if body:
        check_type(request.headers.get("content-type", ""))
        said = _read_shown(body)
    token = said.token or request.headers.get(HEADER, "") or request.cookies.get(COOKIE, "")
    return token if len(token) == TOKEN_LENGTH and token.isascii() else ""


def _read_shown(body: bytes) -> Shown:
    try:
        return msgspec.json.decode(body, type=Shown)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(
            422, "malformed", "Not understood", 'Send {"token": "..."} as JSON.', field="token"
        ) from None


def _shown(filer: Filer) -> FilerShown:
    return FilerShown(login=filer.login, name=filer.name, role=filer.role)


def _answer(said: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return Response(
        msgspec.json.encode(said), status_code=status, media_type=JSON, headers=dict(headers or {})
    )
