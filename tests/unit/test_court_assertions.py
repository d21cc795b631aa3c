"""What `accounts` signs of a court's machine, and that it never passes for what it signs of a person."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.assertion import (
    Asserted,
    sign_assertion,
    sign_court_assertion,
    verify_assertion,
    verify_court_assertion,
)
from shared.errors import BadEnvelopeError
from tests.messaging import an_assertion, an_assertion_of_a_court

KEY = Ed25519PrivateKey.generate()
KEYS = {"now": KEY.public_key()}
OF_A_COURT = an_assertion_of_a_court("paa_billing")
OF_A_PERSON = an_assertion("paa_billing")
Verify = Callable[[str, Any, str], Asserted]


def refused(verify: Verify, token: str, audience: str = "paa_billing") -> bool:
    try:
        verify(token, KEYS, audience)
    except BadEnvelopeError:
        return True
    return False


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def test_a_courts_assertion_says_what_was_signed() -> None:
    token = sign_court_assertion(OF_A_COURT, KEY, "now")

    assert verify_court_assertion(token, KEYS, "paa_billing") == OF_A_COURT


def test_a_courts_assertion_is_no_persons_and_a_persons_no_courts() -> None:
    of_a_court = sign_court_assertion(OF_A_COURT, KEY, "now")
    of_a_person = sign_assertion(OF_A_PERSON, KEY, "now")

    assert refused(verify_assertion, of_a_court)
    assert refused(verify_court_assertion, of_a_person)


@pytest.mark.parametrize("claim", ["iss", "both"])
def test_neither_passes_for_the_other_by_its_issuer_or_its_claims_alone(claim: str) -> None:
    """Signed by our own key, as no service of ours would sign it."""
    court = claims_of(sign_court_assertion(OF_A_COURT, KEY, "now"))
    person = claims_of(sign_assertion(OF_A_PERSON, KEY, "now"))
    forged = {**court, "iss": person["iss"]} if claim == "iss" else {**court, "who": person["who"]}

    token = jwt.encode(forged, KEY, algorithm="EdDSA", headers={"kid": "now"})

    assert refused(verify_assertion, token)


def test_a_courts_assertion_for_another_audience_is_refused() -> None:
    token = sign_court_assertion(OF_A_COURT, KEY, "now")

    assert refused(verify_court_assertion, token, audience="linking")
    assert not refused(verify_court_assertion, token)


def test_a_courts_assertion_that_was_altered_is_refused() -> None:
    header, _, signature = sign_court_assertion(OF_A_COURT, KEY, "now").split(".")
    other = an_assertion_of_a_court("paa_billing", court_id="gubk")
    payload = sign_court_assertion(other, KEY, "now").split(".")[1]

    assert refused(verify_court_assertion, f"{header}.{payload}.{signature}")


def test_a_courts_assertion_by_another_key_is_refused() -> None:
    token = sign_court_assertion(OF_A_COURT, Ed25519PrivateKey.generate(), "now")

    assert refused(verify_court_assertion, token)
