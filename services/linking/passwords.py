"""CM/ECF passwords: how a court's verifier is kept, and how a password is checked against it.

A password goes through the verifier's own scheme and then through argon2id, so that nothing that could be
guessed fast rests in our tables. Both functions take tens of milliseconds: run them in a thread.
"""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from services.linking.model import Verifier, VerifierScheme
from shared.verifiers import digest_of

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_FAST_SCHEMES: dict[str, VerifierScheme] = {"sha256": "sha256", "sha1": "sha1", "md5": "md5"}

NOBODYS = Verifier(scheme="sha256", phc=f"$argon2id$v=19$m=19456,t=2,p=1$bm8gYWNjb3VudCBoZXJlIQ${'A' * 43}")
"""What a password is checked against where there is no account: as much work, and never right."""


def kept_form(verifier: str) -> Verifier:
    """The verifier as it is kept: an argon2id string as it is, the digest of a fast scheme wrapped."""
    if verifier.startswith("$argon2id$"):
        return Verifier(scheme="plain", phc=verifier)
    scheme, _, digits = verifier.partition("$")
    return Verifier(scheme=_FAST_SCHEMES[scheme], phc=_HASHER.hash(digits.lower()))


def is_right(password: str, verifier: Verifier) -> bool:
    """Does the password, as UTF-8 in NFC, fit the verifier? An empty one fits none, after the same work."""
    text = unicodedata.normalize("NFC", password).encode()
    given = text if verifier.scheme == "plain" else digest_of(verifier.scheme, text).encode()
    try:
        is_match = _HASHER.verify(verifier.phc, given)
    except VerificationError:
        return False
    return is_match and bool(text)
