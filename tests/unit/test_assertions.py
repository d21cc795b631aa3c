"""Attacks on assertions, each by its name, and the change of the key that signs them."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.assertion import ISSUER, sign_assertion, verify_assertion
from shared.errors import BadEnvelopeError
from shared.settings import read_assertion_keys
from tests.messaging import an_assertion

OLD, NEW = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
ASSERTED = an_assertion("linking")
KEYS = {"2024-01": OLD.public_key()}


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    header, claims, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    return json.loads(header), json.loads(claims), signature


def token_of(header: Mapping[str, Any], claims: Mapping[str, Any], signature: bytes) -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def refused(token: str, keys: Mapping[str, Ed25519PublicKey] = KEYS, audience: str = "linking") -> bool:
    try:
        verify_assertion(token, keys, audience)
    except BadEnvelopeError:
        return True
    return False


def published(folder: Path, **keys: Ed25519PrivateKey) -> dict[str, Ed25519PublicKey]:
    """The keys as a service reads them from its file."""
    file = folder / "assertion-keys.json"
    texts = {name.replace("_", "-"): key.public_key().public_bytes_raw().hex() for name, key in keys.items()}
    file.write_text(json.dumps(texts))
    return read_assertion_keys(file)


def test_an_assertion_says_what_was_signed() -> None:
    assert verify_assertion(sign_assertion(ASSERTED, OLD, "2024-01"), KEYS, "linking") == ASSERTED


def test_an_assertion_for_another_audience_is_refused() -> None:
    token = sign_assertion(ASSERTED, OLD, "2024-01")

    assert refused(token, audience="accounts")
    assert not refused(token)


@pytest.mark.parametrize(
    ("name", "value"),
    [("sub", "018d65d5-ddb2-7a7e-a600-8efea090fe50"), ("aud", "accounts"), ("exp", 4_000_000_000)],
)
def test_an_altered_assertion_is_refused(name: str, value: object) -> None:
    header, claims, signature = parts_of(sign_assertion(ASSERTED, OLD, "2024-01"))
    assert claims[name] != value

    altered = token_of(header, {**claims, name: value}, signature)

    assert refused(altered, audience=str({**claims, name: value}["aud"]))


@pytest.mark.parametrize("change", [{"level": 2}, {"roles": [{"role": "psc", "court_id": None}]}])
def test_an_assertion_with_another_level_or_role_written_in_is_refused(change: dict[str, Any]) -> None:
    header, claims, signature = parts_of(sign_assertion(an_assertion("linking", level=1), OLD, "2024-01"))

    assert refused(token_of(header, {**claims, "who": {**claims["who"], **change}}, signature))


def test_each_bit_of_the_signature_counts() -> None:
    header, claims, signature = parts_of(sign_assertion(ASSERTED, OLD, "2024-01"))

    for place in range(len(signature)):
        flipped = bytes(b ^ 1 if at == place else b for at, b in enumerate(signature))
        assert refused(token_of(header, claims, flipped))


def test_an_assertion_without_a_signature_or_by_another_algorithm_is_refused() -> None:
    header, claims, _ = parts_of(sign_assertion(ASSERTED, OLD, "2024-01"))
    public = OLD.public_key().public_bytes_raw()
    by_public_key = jwt.encode(claims, public, algorithm="HS256", headers={"kid": "2024-01"})

    assert refused(token_of({**header, "alg": "none"}, claims, b""))
    assert refused(by_public_key)


def test_an_assertion_that_names_no_key_or_brings_its_own_is_refused() -> None:
    header, claims, _ = parts_of(sign_assertion(ASSERTED, NEW, "2024-01"))
    own = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(NEW.public_key().public_bytes_raw())}
    claims_signed = jwt.encode(claims, NEW, algorithm="EdDSA", headers={"jwk": str(own)})

    assert refused(claims_signed)
    assert refused(token_of({"alg": header["alg"]}, claims, b""))
    assert refused("")
    assert refused("a.b.c")


def test_an_assertion_signed_by_another_under_a_known_name_is_refused() -> None:
    assert refused(sign_assertion(ASSERTED, NEW, "2024-01"))


@pytest.mark.parametrize("missing", ["exp", "iat", "aud", "iss", "sub", "who"])
def test_an_assertion_that_lacks_a_claim_is_refused(missing: str) -> None:
    _, claims, _ = parts_of(sign_assertion(ASSERTED, OLD, "2024-01"))
    fewer = {name: value for name, value in claims.items() if name != missing}

    assert refused(jwt.encode(fewer, OLD, algorithm="EdDSA", headers={"kid": "2024-01"}))
    assert not refused(jwt.encode(claims, OLD, algorithm="EdDSA", headers={"kid": "2024-01"}))


def test_an_assertion_of_another_issuer_is_refused() -> None:
    _, claims, _ = parts_of(sign_assertion(ASSERTED, OLD, "2024-01"))
    assert claims["iss"] == ISSUER

    other = jwt.encode({**claims, "iss": "linking"}, OLD, algorithm="EdDSA", headers={"kid": "2024-01"})

    assert refused(other)


def test_while_the_key_is_changed_both_are_taken_and_once_it_is_retired_the_old_one_is_refused(
    tmp_path: Path,
) -> None:
    by_old = sign_assertion(ASSERTED, OLD, "2024-01")
    by_new = sign_assertion(ASSERTED, NEW, "2024-07")

    before = published(tmp_path, **{"2024_01": OLD})
    both = published(tmp_path, **{"2024_01": OLD, "2024_07": NEW})
    after = published(tmp_path, **{"2024_07": NEW})

    assert (refused(by_old, before), refused(by_new, before)) == (False, True)
    assert (refused(by_old, both), refused(by_new, both)) == (False, False)
    assert (refused(by_old, after), refused(by_new, after)) == (True, False)


def test_a_retired_key_cannot_sign_under_the_name_of_its_follower() -> None:
    assert refused(sign_assertion(ASSERTED, OLD, "2024-07"), {"2024-07": NEW.public_key()})
