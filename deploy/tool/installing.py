"""Install on given servers, for services that run in containers, each with only its own secrets."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from deploy.local.files import write_whole
from deploy.local.servers import Servers
from deploy.tool import residence
from deploy.tool.stories import (
    ASSERTION_KEY_ID,
    STORIES,
    Record,
    Story,
    StoryError,
    make_keys,
    prepare,
)
from shared.messages.base import CourtId
from shared.messaging.topology import ASKERS, SERVICES

INSTANCE = "nextgen"
NUMBER = 1
FOLDER = STORIES / str(NUMBER)


async def install(
    servers: Servers, courts: Iterable[str], *, folder: Path = FOLDER, instance: str = INSTANCE
) -> Story:
    """Make the one installation of these servers, or bring it to what this release and these courts want.

    Keys and passwords stay from the first time on. Courts are only ever added: one that is no longer named
    keeps its login.
    """
    story = _recorded(servers, _court_ids(courts), folder, instance)
    await prepare(story)
    write_settings(story)
    return story


def write_settings(story: Story) -> None:
    """One folder for each party in `settings`, with a file for each of its secret or generated settings."""
    for party in (*SERVICES, *ASKERS, *story.record.courts):
        folder = settings_folder(story, party)
        folder.mkdir(parents=True, exist_ok=True)
        for name, value in settings_files(story, party).items():
            write_whole(folder / name, value)


def settings_folder(story: Story, party: str) -> Path:
    """Where a party's settings lie; a container is given this folder and no other."""
    return story.folder / "settings" / party


def settings_files(story: Story, party: str) -> Mapping[str, str]:
    """The files of one party by name, each called as the setting whose value it is.

    A court has its login and no more.
    """
    files = {"broker_url": story.broker_url(party)}
    if party in story.record.courts:
        return files
    files["sealing_key"] = story.sealing_key_file(party).read_text()
    files["sealing_public_keys.json"] = (story.keys / "sealing-public.json").read_text()
    files["assertion_public_keys.json"] = (story.keys / "assertion-public.json").read_text()
    if party in SERVICES:
        files["database_url"] = story.database_url(party)
    if party == "accounts":
        files["signing_key"] = (story.keys / "assertion-private").read_text()
        files["signing_key_id"] = ASSERTION_KEY_ID
        files["factor_key"] = (story.keys / "factor-key").read_text()
    return files


def _recorded(servers: Servers, courts: list[CourtId], folder: Path, instance: str) -> Story:
    """The record is written once the keys are whole: a first run that was cut short begins anew."""
    path = folder / "story.json"
    known = msgspec.json.decode(path.read_bytes(), type=Record) if path.exists() else None
    if known is not None and not known.has_own_roles:
        raise StoryError(f"{folder} holds a story of this checkout; install elsewhere: set NEXTGEN_STORIES")
    residence.check(folder, servers)
    named = sorted({*courts, *(known.courts if known else ())})
    record = Record(number=NUMBER, instance=instance, courts=tuple(named), has_own_roles=True)
    story = Story(folder=folder, record=record, given_servers=servers)
    if known is None:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(story.keys, ignore_errors=True)
        make_keys(story)
    write_whole(path, msgspec.json.encode(record).decode())
    return story


def _court_ids(texts: Iterable[str]) -> list[CourtId]:
    try:
        return msgspec.convert(list(texts), list[CourtId])
    except msgspec.ValidationError as error:
        raise StoryError(f"courts: {error}") from None
