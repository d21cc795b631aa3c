"""Decides which password verifiers of a court may be taken over."""

from shared.verifiers import Argon2id, Digest, VerifierError, read_verifier

KNOWN_TAGS = ("sha256", "sha1", "md5")
LEAST_MEMORY_KIB, MOST_MEMORY_KIB = 19 * 1024, 128 * 1024
LEAST_PASSES, MOST_PASSES = 2, 10
MOST_LANES = 8


def problem_of_verifier(text: str) -> str | None:
    """Why a verifier can't be taken, or None. The answer holds nothing of it."""
    try:
        found = read_verifier(text)
    except VerifierError as error:
        return error.problem
    return _problem_of_argon2id(found) if isinstance(found, Argon2id) else _problem_of_digest(found)


def _problem_of_digest(found: Digest) -> str | None:
    if found.recipe not in KNOWN_TAGS:
        return f"begins with none of {', '.join(f'{known}$' for known in KNOWN_TAGS)}, or holds a salt"
    return "is that of an empty password" if found.is_of_nothing else None


def _problem_of_argon2id(found: Argon2id) -> str | None:
    if found.memory_kib < LEAST_MEMORY_KIB or found.passes < LEAST_PASSES:
        return f"is weaker than argon2id with m={LEAST_MEMORY_KIB},t={LEAST_PASSES}"
    if found.memory_kib > MOST_MEMORY_KIB or found.passes > MOST_PASSES or found.lanes > MOST_LANES:
        return f"costs more than argon2id with m={MOST_MEMORY_KIB},t={MOST_PASSES},p={MOST_LANES}"
    return None
