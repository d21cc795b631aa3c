"""Verifies a statement's JSON file by itself, as anyone who was sent it can."""

from collections.abc import Callable
from pathlib import Path

from services.paa_billing.statements import digest_of, verify

PROBLEM_LIMIT = 20


def verify_statement(path: Path, say: Callable[[str], None]) -> int:
    """Say what is wrong with a statement and its SHA-256; answers the exit status.

    0: every line prices as stated and all sums are right. 1: something isn't; the first places are named.
    2: the file can't be read.
    """
    try:
        canonical = path.read_bytes()
    except OSError as error:
        say(f"can't read {path.name}: {error.strerror}")
        return 2
    problems = verify(canonical)
    for problem in problems[:PROBLEM_LIMIT]:
        say(str(problem))
    say(f"SHA-256 {digest_of(canonical)}")
    say(f"{len(problems)} problems" if problems else "verified: every line and sum is right")
    return 1 if problems else 0
