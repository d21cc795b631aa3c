"""Assertions: what `accounts` signs about who asks, and how every service checks it."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.errors import BadEnvelopeError

ALGORITHM = "EdDSA"
ISSUER = "accounts"


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A grant that holds now; `court_id` is None where it holds for all courts."""

    role: Literal["court_staff", "psc", "operator"]
    court_id: str | None = None


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as `accounts` knew it when the session was resolved; instants in UTC.

    Made for one message it names that message's id and name; made for none it carries no sensitive act.
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

    def is_made_for(self, message_id: UUID, message_name: str) -> bool:
        """Was the session resolved for this one message? Its id alone may have been some other message's."""
        return (self.for_message_id, self.for_message_name) == (message_id, message_name)

    def holds(self, role: str, court_id: str | None = None) -> bool:
        """Is the role held for this court (or for all)?"""
        return any(r.role == role and r.court_id in (None, court_id) for r in self.roles)


def sign_assertion(assertion: Assertion, key: Ed25519PrivateKey, key_id: str) -> str:
    """The assertion as a compact JWS that names its key."""
    claims = {
        "iss": ISSUER,
        "aud": assertion.audience,
        "sub": str(assertion.account_id),
        "iat": int(assertion.issued_at.timestamp()),
        "exp": int(assertion.expires_at.timestamp()),
        "who": msgspec.to_builtins(assertion),
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id})


def verify_assertion(token: str, keys: Mapping[str, Ed25519PublicKey], audience: str) -> Assertion:
    """The assertion that one of the known keys signed for this audience; its expiry is the caller's to judge.

    PyJWT would compare expiry with the machine's time and not with the business clock, so that check is off.
    Raises BadEnvelopeError if it is forged, altered, for another audience or signed by a key not (or no
    longer) known.
    """
    try:
        key = keys[_key_id_in(token)]
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=ISSUER,
            options={
                "verify_exp": False,
                "verify_iat": False,
                "require": ["exp", "iat", "aud", "iss", "sub"],
            },
        )
        return msgspec.convert(claims["who"], Assertion)
    except (KeyError, ValueError, jwt.InvalidTokenError, msgspec.DecodeError) as error:
        raise BadEnvelopeError("the assertion is not one that accounts signed for this service") from error


class _Header(msgspec.Struct):
    kid: str


def _key_id_in(token: str) -> str:
    """Which key is to be tried. Unverified: PyJWT reads the whole token for this, and then once more."""
    header = token.partition(".")[0]
    return msgspec.json.decode(urlsafe_b64decode(header + "=" * (-len(header) % 4)), type=_Header).kid
