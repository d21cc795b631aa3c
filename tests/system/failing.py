"""Run a service whose checks open the secrets of a request, and then fail with them in the error's text.

python -m tests.system.failing SERVICE
"""

import importlib
import sys
from dataclasses import replace
from typing import Any, NoReturn

from shared.messages.accounts import RegisterAccount, SignIn
from shared.messages.base import Message
from shared.messages.linking import ProveFilingAccount
from shared.messaging.bench import Bench
from shared.runtime import run
from shared.sealed import sealed_fields

FAILING = (RegisterAccount, SignIn, ProveFilingAccount)


async def open_and_fail(message: Message, bench: Bench[Any]) -> NoReturn:
    """What a careless programmer might write."""
    secrets = [bench.open(message, field) for field, _ in sealed_fields(message)]
    raise ValueError(f"can't go on with {secrets}")


def main(service: str) -> None:
    """Run the service until SIGTERM."""
    composed = importlib.import_module(f"services.{service}.service").SERVICE
    settings = importlib.import_module(f"services.{service}.settings")
    checks = {kind: open_and_fail if kind in FAILING else check for kind, check in composed.checks.items()}
    run(replace(composed, checks=checks), settings.Settings, settings.open_resources)


if __name__ == "__main__":
    main(sys.argv[1])
