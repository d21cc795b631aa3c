"""Assertions: what `accounts` signs about who asks, a person or a court, and how every service checks it."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias, TypeVar
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.errors import BadEnvelopeError

ALGORITHM = "EdDSA"
ISSUER, ISSUER_OF_COURTS = "accounts", "accounts for courts"
"""What is signed of a person and of a court differs in its issuer and in the claim that says who, so that
neither passes for the other."""
T = TypeVar("T")


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A grant that holds now; `court_id` is None where it holds for all courts."""

    role: Literal["court_staff", "psc", "operator"]
    court_id: str | None = None


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as `accounts` knew it when the session was resolved; instants in UTC.

    Made for one message it names that message's id and name; made for none it carries no sensitive act. With
    `scopes` a personal token asks, which reaches no further than they do; without, a session.
    """

    audience: str
    account_id: UUID
    account_number: str
    kind: Literal["individual", "paa"]
    generation: Literal["legacy", "upgraded"]
    status: Literal["pending_verification", "held_for_review", "active", "locked", "deactivated"]
    email_verified: bool
    account_version: int
    session_id_hash: str
    level: Literal[1, 2]
    proved_at: datetime
    issued_at: datetime
    expires_at: datetime
    roles: tuple[Role, ...] = ()
    for_message_id: UUID | None = None
    for_message_name: str | None = None
    scopes: tuple[str, ...] | None = None

    def is_made_for(self, message_id: UUID, message_name: str) -> bool:
        """Was the session resolved for this one message? Its id alone may have been some other message's."""
        return (self.for_message_id, self.for_message_name) == (message_id, message_name)

    @property
    def acting(self) -> str:
        """Who asks, in a word: the same message of another is another message."""
        return str(self.account_id)

    def holds(self, role: str, court_id: str | None = None) -> bool:
        """Is the role held for this court (or for all)?"""
        return any(r.role == role and r.court_id in (None, court_id) for r in self.roles)


class CourtAssertion(msgspec.Struct, frozen=True, kw_only=True):
    """Which court's machine asks, as `accounts` knew it by its credential; made for one message, always."""

    audience: str
    court_id: str
    credential_id: UUID
    issued_at: datetime
    expires_at: datetime
    for_message_id: UUID
    for_message_name: str

    def is_made_for(self, message_id: UUID, message_name: str) -> bool:
        """Was the credential shown for this one message?"""
        return (self.for_message_id, self.for_message_name) == (message_id, message_name)

    @property
    def acting(self) -> str:
        """Who asks, in a word; no account's id reads like it."""
        return f"court {self.court_id}"


Asserted: TypeAlias = Assertion | CourtAssertion


def sign_assertion(assertion: Assertion, key: Ed25519PrivateKey, key_id: str) -> str:
    """The assertion as a compact JWS that names its key."""
    return _sign(assertion, {"iss": ISSUER, "who": msgspec.to_builtins(assertion)}, key, key_id)


def sign_court_assertion(assertion: CourtAssertion, key: Ed25519PrivateKey, key_id: str) -> str:
    """The same for a court's machine."""
    return _sign(assertion, {"iss": ISSUER_OF_COURTS, "court": msgspec.to_builtins(assertion)}, key, key_id)


def verify_assertion(token: str, keys: Mapping[str, Ed25519PublicKey], audience: str) -> Assertion:
    """The assertion that one of the known keys signed for this audience; its expiry is the caller's to judge.

    PyJWT would compare expiry with the machine's time and not with the business clock, so that check is off.
    Raises BadEnvelopeError if it is forged, altered, of a court, for another audience or signed by a key not
    (or no longer) known.
    """
    return _verify(token, keys, audience, ISSUER, "who", Assertion)


def verify_court_assertion(token: str, keys: Mapping[str, Ed25519PublicKey], audience: str) -> CourtAssertion:
    """The same for a court's machine. Raises BadEnvelopeError, for what is signed of a person too."""
    return _verify(token, keys, audience, ISSUER_OF_COURTS, "court", CourtAssertion)


def _sign(assertion: Asserted, said: Mapping[str, Any], key: Ed25519PrivateKey, key_id: str) -> str:
    claims = {
        **said,
        "aud": assertion.audience,
        "sub": assertion.acting,
        "iat": int(assertion.issued_at.timestamp()),
        "exp": int(assertion.expires_at.timestamp()),
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id})


def _verify(
    token: str, keys: Mapping[str, Ed25519PublicKey], audience: str, issuer: str, claim: str, kind: type[T]
) -> T:
    try:
        key = keys[_key_id_in(token)]
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=issuer,
            options={
                "verify_exp": False,
                "verify_iat": False,
                "require": ["exp", "iat", "aud", "iss", "sub"],
            },
        )
        return msgspec.convert(claims[claim], kind)
    except (KeyError, ValueError, jwt.InvalidTokenError, msgspec.DecodeError) as error:
        raise BadEnvelopeError("the assertion is not one that accounts signed for this service") from error


class _Header(msgspec.Struct):
    kid: str


def _key_id_in(token: str) -> str:
    """Which key is to be tried. Unverified: PyJWT reads the whole token for this, and then once more."""
    header = token.partition(".")[0]
    return msgspec.json.decode(urlsafe_b64decode(header + "=" * (-len(header) % 4)), type=_Header).kid
