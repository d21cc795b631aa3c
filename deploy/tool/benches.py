"""A service's bench in the tool's own process, made of that service's settings: for dry runs."""

import importlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from deploy.tool.operating import Place
from shared.database import open_pool
from shared.messaging.bench import Bench
from shared.messaging.wakeup import Wakeup
from shared.policies import read_policies
from shared.settings import read_assertion_keys, read_common_settings, read_settings, seals_from

_NO_PORTS = {"mail": 0}


@asynccontextmanager
async def open_bench(place: Place, service: str) -> AsyncIterator[Bench[Any]]:
    """The bench on which a service's handlers work, with the code and the settings of this installation."""
    table = importlib.import_module(f"services.{service}.service").SERVICE
    module = importlib.import_module(f"services.{service}.settings")
    prefix = f"NEXTGEN_{service.upper()}_"
    settings = read_settings(module.Settings, prefix, place.environment(service, {**_NO_PORTS, service: 0}))
    policies = {name: value for name, value in os.environ.items() if name == "NEXTGEN_POLICIES_FILE"}
    policies_file = read_common_settings(policies).policies_file
    pool = await open_pool(settings.database_url, size=2, name="nextgen dry run")
    try:
        async with module.open_resources(settings, read_policies(policies_file)) as resources:
            yield Bench(
                pool=pool,
                clock=place.clock,
                service=table,
                seals=seals_from(settings),
                resources=resources,
                outbox_filled=Wakeup(),
                assertion_keys=read_assertion_keys(settings.assertion_public_keys_file),
            )
    finally:
        pool.terminate()
