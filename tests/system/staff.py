"""The people whom a court needs before anybody can link there."""

import hashlib
import json
from collections.abc import Callable, Mapping

from argon2 import PasswordHasher

from deploy.demo.desk import Desk
from shared.messages import accounts, linking
from tests.system.asking import PatientPerson, Postbox, join_up

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
ROWS_OF_A_LOAD = 200
"""As many as one message carries."""


def fast_verifier_of(password: str) -> str:
    """A verifier as an old court gives it."""
    return f"sha256${hashlib.sha256(password.encode()).hexdigest()}"


async def a_center(desk: Desk, postbox: Postbox) -> PatientPerson:
    """Whoever is the first PSC account."""
    center = await join_up(desk, postbox)
    await center.enrol()
    first = accounts.GrantFirstRole(account_number=center.account_number)
    await desk.as_operator(first, accounts.RoleGranted)
    return center


async def load_filing_accounts(
    desk: Desk,
    postbox: Postbox,
    court_id: str,
    passwords: Mapping[str, str],
    verifier_of: Callable[[str], str] = HASHER.hash,
    *,
    center: PatientPerson | None = None,
) -> PatientPerson:
    """Let PSC make somebody the court's staff, who loads these logins; answers who did."""
    center, clerk = center or await a_center(desk, postbox), await join_up(desk, postbox)
    await clerk.enrol()
    grant = accounts.GrantRole(account_id=clerk.id, role="court_staff", court_id=court_id)
    await center.ask(grant, accounts.RoleGranted)
    logins = list(passwords)
    for start in range(0, len(logins), ROWS_OF_A_LOAD):
        part = {login: passwords[login] for login in logins[start : start + ROWS_OF_A_LOAD]}
        await _load(desk, clerk, court_id, part, verifier_of)
    return clerk


async def _load(
    desk: Desk,
    clerk: PatientPerson,
    court_id: str,
    passwords: Mapping[str, str],
    verifier_of: Callable[[str], str],
) -> None:
    verifiers_by_password = {password: verifier_of(password) for password in set(passwords.values())}
    rows = tuple(
        linking.RosterRow(
            line=line,
            login=login,
            name=f"Holder {line}",
            email=f"{login}@mail.example",
            role="attorney",
        )
        for line, login in enumerate(passwords, start=2)
    )
    verifiers = [verifiers_by_password[password] for password in passwords.values()]
    sealed = desk.sealed(json.dumps(verifiers), "linking")
    load = linking.LoadRoster(court_id=court_id, rows=rows, verifiers=sealed)
    loaded = await clerk.ask(load, linking.RosterLoaded)
    assert loaded.added == len(rows)
