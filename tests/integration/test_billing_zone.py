"""The business zone may not change once usage is booked in it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.local.servers import Servers
from services.paa_billing.service import SERVICE
from services.paa_billing.settings import Resources
from services.paa_billing.store import zones
from shared.database import open_pool
from shared.errors import SettingsError
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service, read_contracts
from shared.policies import SHIPPED, read_policies
from tests.billing import COURT, a_batch, a_person, a_use, lines_of, opened, report, resources
from tests.installation import Installation, start_process, until
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
SHIPPED_ZONE, ANOTHER = read_policies().business_zone, "Pacific/Guam"


def resources_in(zone: str) -> Resources:
    usual = resources()
    return replace(usual, policies=msgspec.structs.replace(usual.policies, business_zone=zone))


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def test_another_business_zone_stops_the_start_once_usage_is_booked(place: Workplace) -> None:
    await report(place, a_use(await a_person(place)))
    elsewhere = replace(place, resources=resources_in(ANOTHER))

    await opened(place)
    with pytest.raises(SettingsError, match=f"business_zone is {ANOTHER}.*booked in {SHIPPED_ZONE}"):
        await opened(elsewhere)


async def test_the_business_zone_may_change_as_long_as_nothing_is_booked(place: Workplace) -> None:
    await report(place, a_use("0000001"))
    elsewhere = await opened(replace(place, resources=resources_in(ANOTHER)))
    await report(elsewhere, a_use(await a_person(elsewhere)))

    with pytest.raises(SettingsError, match=f"booked in {ANOTHER}"):
        await opened(place)


async def test_a_process_begun_before_the_first_booking_books_in_no_second_zone(place: Workplace) -> None:
    elsewhere = await opened(replace(place, resources=resources_in(ANOTHER)))
    person = await a_person(place)
    await report(place, a_use(person))

    judgement, _ = await elsewhere.judge(a_batch(a_use(person)), sender=COURT)

    assert judgement.verdict is Verdict.RETRY
    assert len(await lines_of(place)) == 1


async def test_of_two_first_bookings_one_keeps_the_zone_and_the_other_finds_it(place: Workplace) -> None:
    async with place.pool.acquire() as one, place.pool.acquire() as other:
        first = await zones.keep_zone(one, SHIPPED_ZONE)
        second = await zones.keep_zone(other, ANOTHER)

    assert (first, second) == (SHIPPED_ZONE, SHIPPED_ZONE)


async def test_the_process_ends_and_names_the_zone(
    servers: Servers, database_of: Callable[[str], Awaitable[str]], tmp_path: Path
) -> None:
    installation = Installation(servers=servers, folder=tmp_path)
    installation.build(read_contracts().values())
    url, log, policies = (
        await database_of("paa_billing"),
        tmp_path / "billing.log",
        tmp_path / "policies.toml",
    )
    policies.write_text(SHIPPED.read_text().replace(SHIPPED_ZONE, ANOTHER))
    pool = await open_pool(url, size=1, name="test")
    await zones.keep_zone(pool, SHIPPED_ZONE)  # type: ignore[arg-type]  # a pool runs one statement as well
    pool.terminate()
    environment = installation.environment("paa_billing", url, NEXTGEN_POLICIES_FILE=str(policies))

    process = start_process("services.paa_billing", environment, log)

    async def has_ended() -> bool:
        return process.poll() is not None

    try:
        await until(has_ended, "the process has ended")
    finally:
        process.kill()
    installation.remove()
    assert process.returncode == 1
    assert log.read_text().splitlines()[-1] == (
        f"paa_billing does not start: business_zone is {ANOTHER}, but usage is booked in {SHIPPED_ZONE}: "
        "it may not change any more"
    )
