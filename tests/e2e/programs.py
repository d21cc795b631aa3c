"""A program before the edge: where it signs in, what it says, and what is written of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.e2e.conftest import Outside
from tests.system.asking import PatientPerson

CSO = "/services/cso-auth"
NOBODY = {"loginId": "nobody.at.all", "password": "no-password-of-anybody-1"}
ASKING_SECONDS = 40
"""Longer than the edge keeps anybody waiting."""


@asynccontextmanager
async def a_program(outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the edge that keeps no page and follows nothing."""
    async with httpx.AsyncClient(base_url=outside.address, timeout=ASKING_SECONDS, trust_env=False) as client:
        yield client


def credentials_of(person: PatientPerson) -> dict[str, str]:
    """What a person's program says to sign in."""
    return {"loginId": person.user_name, "password": person.password, "redactFlag": "1"}


def log_of(outside: Outside) -> str:
    """All that the edge has written."""
    return outside.system.log_of("portal").read_text()
