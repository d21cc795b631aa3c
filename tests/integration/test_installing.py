"""Installing on given servers: databases, logins and settings files that services can start with."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from deploy.local.postgres import PostgresServer
from deploy.local.servers import Servers
from deploy.tool.installing import install, settings_folder
from deploy.tool.residence import ResidenceError
from deploy.tool.stories import Story, StoryError
from deploy.tool.topology import remove_instance, show_queues
from shared.messaging.topology import SERVICES

INSTANCE = f"install{secrets.token_hex(3)}"


@pytest.fixture(scope="module")
def own_servers(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A PostgreSQL whose roles may get new passwords, and the tests' broker."""
    postgres = PostgresServer(tmp_path_factory.mktemp("installing") / "postgres", is_fast=True)
    postgres.start()
    yield replace(servers, postgres_url=postgres.url)
    postgres.stop()
    remove_instance(servers.broker_admin_url, INSTANCE)


def contents(story: Story) -> dict[str, str]:
    """Each file of the installation's settings."""
    settings = story.folder / "settings"
    return {str(path.relative_to(settings)): path.read_text() for path in sorted(settings.rglob("*/*"))}


def is_empty(folder: Path) -> bool:
    """Was nothing written?"""
    return not any(folder.iterdir())


async def test_installing_again_keeps_every_secret_and_adds_a_court(
    own_servers: Servers, tmp_path: Path
) -> None:
    folder = tmp_path / "1"
    first = contents(await install(own_servers, ["ncwbk"], folder=folder, instance=INSTANCE))
    again = contents(await install(own_servers, ["gubk"], folder=folder, instance=INSTANCE))

    added = set(again) - set(first)
    assert added == {"gubk/broker_url"}
    assert {name: again[name] for name in first} == first


async def test_each_service_reaches_its_own_database_and_no_other(
    own_servers: Servers, tmp_path: Path
) -> None:
    story = await install(own_servers, [], folder=tmp_path / "1", instance=INSTANCE)

    for service in SERVICES:
        url = (settings_folder(story, service) / "database_url").read_text()
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM inbox") == 0
        await connection.close()
        other = SERVICES[SERVICES.index(service) - 1]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(url.replace(f"{INSTANCE}_{service}", f"{INSTANCE}_{other}"))
    queues = {queue["name"] for queue in show_queues(own_servers.broker_admin_url, INSTANCE)}
    assert {f"{service}.commands" for service in SERVICES} <= queues


async def test_keys_of_a_first_run_that_was_cut_short_are_made_anew(
    own_servers: Servers, tmp_path: Path
) -> None:
    keys = tmp_path / "1" / "keys"
    keys.mkdir(parents=True)
    (keys / "sealing-accounts").write_text("half")

    story = await install(own_servers, [], folder=tmp_path / "1", instance=INSTANCE)

    assert len((settings_folder(story, "accounts") / "sealing_key").read_text()) == 64


async def test_an_installation_is_not_made_anew_on_other_servers(
    own_servers: Servers, tmp_path: Path
) -> None:
    given = replace(own_servers, origin="environment")
    folder = tmp_path / "1"
    before = contents(await install(given, [], folder=folder, instance=INSTANCE))
    elsewhere = replace(given, postgres_url="postgresql://admin:secret@127.0.0.1:1/postgres")

    with pytest.raises(ResidenceError, match=r"story 1 lives on the servers 127\.0\.0\.1:"):
        await install(elsewhere, ["ncwbk"], folder=folder, instance=INSTANCE)

    assert contents(await install(given, [], folder=folder, instance=INSTANCE)) == before
    assert str(urlsplit(given.postgres_url).password) not in (folder / "servers.json").read_text()


async def test_a_folder_that_holds_a_story_is_refused(own_servers: Servers, tmp_path: Path) -> None:
    (tmp_path / "story.json").write_text('{"number":1,"instance":"story1","courts":[]}')

    with pytest.raises(StoryError, match="holds a story"):
        await install(own_servers, [], folder=tmp_path, instance=INSTANCE)


async def test_what_is_no_court_id_is_refused(own_servers: Servers, tmp_path: Path) -> None:
    with pytest.raises(StoryError, match="courts"):
        await install(own_servers, ["../ncwbk"], folder=tmp_path, instance=INSTANCE)

    assert is_empty(tmp_path)
