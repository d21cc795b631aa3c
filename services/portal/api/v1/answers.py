"""What the JSON API answers: outcomes as they are, with their secrets open, and refusals as problems."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, get_args

import msgspec

from services.portal.api.v1.route import Secret, default_of, is_sealed
from services.portal.web.asking import Caller
from services.portal.web.problems import Problem
from shared.messages import accounts, linking
from shared.messages.accounts import (
    court_credentials,
    exports,
    factor_reset,
    personal_tokens,
    staff,
    staff_looks,
)
from shared.messages.base import Message
from shared.messages.linking import assistance, codes, conflicts, requests
from shared.messaging.requests import Answer
from shared.sealed import Sealed

REFUSALS: Mapping[type[Message], int] = {
    accounts.SignInRefused: 401,
    accounts.ProofRefused: 403,
    accounts.TokenRefused: 404,
    accounts.NoSuchSession: 404,
    factor_reset.NoFactorReset: 404,
    personal_tokens.NoSuchPersonalToken: 404,
    linking.CourtNotFound: 404,
    linking.CourtContactRefused: 404,
    linking.RosterNotOpen: 404,
    accounts.RegistrationRefused: 422,
    accounts.RecoveryRefused: 422,
    accounts.PasswordChangeRefused: 422,
    accounts.EmailChangeRefused: 422,
    accounts.ProfileRefused: 422,
    accounts.UserNameRefused: 422,
    staff_looks.LookRefused: 422,
    staff.AddressCorrectionRefused: 422,
    linking.RosterRefused: 422,
    accounts.AuthenticatorRefused: 409,
    accounts.AuthenticatorRemovalRefused: 409,
    accounts.BackupCodesRefused: 409,
    accounts.ErasureRefused: 409,
    accounts.RoleRefused: 409,
    accounts.RoleNotEnded: 409,
    exports.ExportRefused: 409,
    court_credentials.CourtCredentialRefused: 409,
    personal_tokens.PersonalTokenRefused: 409,
    staff.StaffActRefused: 409,
    linking.GoLiveRefused: 409,
    linking.LinkRefused: 409,
    linking.UnlinkRefused: 409,
    linking.RosterNotFinished: 409,
    codes.LinkingCodeRefused: 409,
    requests.FilingRequestNotMade: 409,
    requests.FilingRequestKept: 409,
    conflicts.ConflictNotSettled: 409,
    assistance.AssistanceRefused: 409,
}
"""The status of each refusal, but for reasons that have one of their own."""
REASONS: Mapping[str, int] = {
    "account_not_found": 404,
    "booking_not_found": 404,
    "conflict_not_found": 404,
    "court_not_known": 404,
    "filing_account_not_found": 404,
    "link_not_found": 404,
    "not_found": 404,
    "not_in_force": 404,
    "request_not_found": 404,
    "session_not_found": 404,
    "account_not_active": 403,
    "email_not_verified": 403,
    "not_allowed": 403,
    "proof_too_old": 403,
    "session_level_too_low": 403,
    "upgrade_first": 403,
    "too_many_attempts": 429,
    "user_name_taken": 409,
    "already_upgraded": 409,
    "code_wrong": 422,
    "end_not_ahead": 422,
    "lasts_too_long": 422,
    "scope_not_known": 422,
    "login_or_password_wrong": 422,
    "nothing_to_change": 422,
    "reason_missing": 422,
    "remark_missing": 422,
    "time_does_not_exist": 422,
}


class ProfileOpen(accounts.Profile, frozen=True, kw_only=True):
    """One's own data, with the date of birth, which can't be changed."""

    date_of_birth: date


OPENED: Mapping[tuple[type[Message], str], Any] = {(accounts.ProfileShown, "profile"): ProfileOpen}
"""What a secret holds where it isn't a plain text."""


def show(answer: Answer, caller: Caller) -> dict[str, Any]:
    """An outcome's fields with its kind, as JSON has them, secrets open. Raises Problem for a refusal."""
    said = answer.message
    if type(said) in REFUSALS:
        raise refusal(said)
    shown: dict[str, Any] = msgspec.to_builtins(said)
    for field in opened_fields(type(said)):
        if getattr(said, field) is not None:
            secret = caller.open(answer, field)
            shown[field] = msgspec.json.decode(secret) if (type(said), field) in OPENED else secret
    return shown


def refusal(said: Message) -> Problem:
    """The problem that a refusal is; `code` is its reason, or what kind of refusal it is."""
    kind = type(said)
    code = getattr(said, "reason", None) or _name_of(kind)
    return Problem(
        REASONS.get(code, REFUSALS[kind]),
        code,
        code.replace("_", " ").capitalize(),
        " ".join((kind.__doc__ or "").split()),
        field=getattr(said, "field", ""),
    )


def codes_of(kind: type[Message]) -> dict[str, int]:
    """The codes that a refusal of this kind may have, each with its status; none where any text may come."""
    known = {field.name: field.type for field in msgspec.structs.fields(kind)}
    if "reason" not in known:
        return {_name_of(kind): REFUSALS[kind]}
    words = [word for word in get_args(known["reason"]) if isinstance(word, str)]
    return {word: REASONS.get(word, REFUSALS[kind]) for word in words}


@cache
def opened_fields(kind: type[Message]) -> tuple[str, ...]:
    """The fields of an answer that are sealed until they get here."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if is_sealed(field.type))


def shown_struct(kind: type[Message]) -> type[msgspec.Struct]:
    """An outcome as callers see it."""
    sealed = opened_fields(kind)
    if not sealed:
        return kind
    return msgspec.defstruct(
        kind.__name__,
        [
            (field.name, _opened(kind, field) if field.name in sealed else field.type, *default_of(field))
            for field in msgspec.structs.fields(kind)
        ],
        namespace={"__doc__": kind.__doc__},
        tag_field="type",
        tag=kind.message_name(),
        kw_only=True,
    )


def _opened(kind: type[Message], field: msgspec.structs.FieldInfo) -> Any:
    what = OPENED.get((kind, field.name), Secret)
    return what if field.type is Sealed else what | None


def _name_of(kind: type[Message]) -> str:
    return kind.message_name().split(".")[1]
