"""How `linking` is put together: its route table, settings and resources."""

import pytest

from services.linking.service import SERVICE
from services.linking.settings import Settings, digest_key_from, open_resources
from shared.errors import SettingsError
from shared.messages.base import Command, Event, Query
from shared.messaging.registry import messages_by_name
from shared.policies import read_policies
from shared.settings import read_settings

ENVIRONMENT = {
    "NEXTGEN_LINKING_DATABASE_URL": "postgresql://localhost/linking",
    "NEXTGEN_LINKING_BROKER_URL": "amqp://localhost",
    "NEXTGEN_LINKING_SEALING_KEY": "ab" * 32,
    "NEXTGEN_LINKING_SEALING_PUBLIC_KEYS_FILE": "sealing.json",
    "NEXTGEN_LINKING_ASSERTION_PUBLIC_KEYS_FILE": "assertion.json",
}


def test_every_message_of_linking_is_handled_or_announced_by_it() -> None:
    kinds = (kind for kind in messages_by_name().values() if kind.__module__.startswith("shared.messages"))
    own = {kind for kind in kinds if kind.message_owner() == "linking"}

    assert {kind for kind in own if issubclass(kind, Command | Query)} <= set(SERVICE.received())
    assert {kind for kind in own if issubclass(kind, Event)} == set(SERVICE.announces)


async def test_resources_are_made_from_the_settings() -> None:
    settings = read_settings(
        Settings, "NEXTGEN_LINKING_", {**ENVIRONMENT, "NEXTGEN_LINKING_HASHING_THREADS": "1"}
    )

    async with open_resources(settings, read_policies()) as resources:
        assert await resources.hashing.run(lambda: 7) == 7
        assert resources.digest_key == digest_key_from("ab" * 32) != digest_key_from("cd" * 32)


@pytest.mark.parametrize("wrong", [{"HASHING_THREADS": "0"}, {"HASHING_THREAD": "2"}])
def test_a_wrong_or_unknown_setting_stops_the_start(wrong: dict[str, str]) -> None:
    environment = ENVIRONMENT | {f"NEXTGEN_LINKING_{name}": value for name, value in wrong.items()}

    with pytest.raises(SettingsError):
        read_settings(Settings, "NEXTGEN_LINKING_", environment)
