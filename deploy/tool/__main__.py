"""Run the tool: `nextgen COMMAND`."""

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from deploy.demo import sign_ins
from deploy.demo.play import play
from deploy.local import servers
from deploy.local.progress import LocalServerError
from deploy.tool import (
    clock,
    court_credentials,
    outboxes,
    parked,
    processes,
    releases,
    replaying,
    stories,
    tracing,
)
from deploy.tool.bootstrap import bootstrap
from deploy.tool.contracts import write_documents
from deploy.tool.databases import MigrationError
from deploy.tool.installing import install as install_on
from deploy.tool.legacy_files import LegacyFileError
from deploy.tool.load_legacy import load_legacy
from deploy.tool.load_roster import load_roster
from deploy.tool.operating import OperatorError
from deploy.tool.price_receipts import price_receipts
from deploy.tool.releases import ReleaseError
from deploy.tool.residence import ResidenceError
from deploy.tool.status import print_status
from deploy.tool.stories import StoryError
from deploy.tool.topology import TopologyError
from deploy.tool.verify_history import verify_history
from deploy.tool.verify_statement import verify_statement
from shared.errors import RequestError, SettingsError
from shared.messaging.topology import ASKERS, SERVICES
from shared.rosters import RosterFileError
from shared.settings import refuse_unknown_variables

app = App(name="nextgen", help="Operate the account side of CM/ECF NextGen.")
clock_app = App(name="clock", help="The business clock of a test system.")
topology_app = App(name="topology", help="The broker's exchanges, queues, logins and permissions.")
app.command(clock_app)
app.command(topology_app)
app.command(parked.app)
app.command(court_credentials.app)
app.command(outboxes.show_outboxes, name="outbox")
app.command(load_legacy)
app.command(load_roster)
app.command(replaying.replay_events, name="replay")
app.command(tracing.trace_id, name="trace")
app.command(bootstrap)
app.command(verify_history, name="verify-history")
app.command(sign_ins.passcode)
_EXPECTED = (
    LegacyFileError,
    StoryError,
    OperatorError,
    ReleaseError,
    ResidenceError,
    TopologyError,
    MigrationError,
    LocalServerError,
    RequestError,
    RosterFileError,
    SettingsError,
)
StoryNumber = Annotated[int | None, Parameter(help="The story's number; the newest if not given.")]


@app.command
def up(story: StoryNumber = None) -> None:
    """Start a story's services and what they need, and wait until they are ready."""
    found = stories.load(story)
    asyncio.run(stories.prepare(found))
    processes.start(found)
    print(f"story {found.record.number} is running; its logs: {found.folder / 'logs'}")


@app.command
def stop() -> None:
    """Stop the services of all stories; the private servers go on."""
    processes.stop_others(None)


@app.command
def down() -> None:
    """Stop all services and the private servers; all data stays."""
    processes.stop_others(None)
    servers.stop()


@app.command
def status(story: StoryNumber = None) -> int:
    """Show services, queues, outboxes and parked messages.

    Exits 1 if a service isn't ready, anything is parked, or policies differ.
    """
    if servers.from_environment(os.environ) is None and servers.status() is None:
        raise StoryError("nothing runs; start it: `make up`")
    return asyncio.run(print_status(stories.load(story)))


@app.command
def migrate(story: StoryNumber = None) -> None:
    """Bring virtual host and databases to what this release wants."""
    asyncio.run(stories.prepare(stories.load(story)))


@app.command
def install(*, courts: str = "") -> None:
    """Make or update the installation on the given servers, and write each service's settings as files.

    `courts` are court ids with commas between. The servers are those that DATABASE_ADMIN_URL, BROKER_URL and
    BROKER_ADMIN_URL name, or the files that X_FILE names; nothing is started.
    """
    given = servers.from_environment(os.environ)
    if given is None:
        raise StoryError(f"name the servers to install on: {', '.join(servers.GIVEN)}")
    story = asyncio.run(install_on(given, [court for court in courts.split(",") if court]))
    print(f"installed for {len(story.record.courts)} courts; settings: {story.folder / 'settings'}")


@topology_app.command(name="apply")
def apply_topology(story: StoryNumber = None) -> None:
    """Make the broker's topology; before any service starts, and again at any time."""
    stories.prepare_broker(stories.load(story))


@app.command
def documents(*, check: bool = False, samples: bool = False, release: bool = False) -> int:
    """Write the contracts, `docs/messages.md` and the AsyncAPI document from the route tables.

    `--check` writes nothing and exits 1 if a file is stale, or a message breaks with the last release.
    `--samples` writes a golden sample of each message that has none. `--release` makes today's messages those
    of the last release, under the version that the changelog begins with.
    """
    if samples:
        return releases.write_samples()
    if release:
        return releases.write_release()
    stale = write_documents(is_check=check)
    return max(stale, releases.check_messages()) if check else stale


@app.command(name="price-receipts")
def price(file: Path) -> int:
    """Price each receipt of a CSV file, and exit 1 if any differs from what was charged."""
    return price_receipts(file, print)


@app.command(name="verify-statement")
def verify(file: Path) -> int:
    """Price every line of a statement's JSON anew, check all sums, and print its SHA-256."""
    return verify_statement(file, print)


@clock_app.command(name="start")
def start_clock(instant: datetime, story: StoryNumber = None) -> None:
    """Set the clock of a fresh story; the past is allowed."""
    clock.start(stories.load(story), instant.astimezone())


@clock_app.command(name="forward")
def move_clock(instant: datetime, story: StoryNumber = None) -> None:
    """Move the clock to a later instant, at most a quarter on, when nothing is on its way."""
    asyncio.run(clock.forward(stories.load(story), instant.astimezone()))


@app.command
def demo() -> int:
    """Play one quarter on a new story, print what came of it, and leave it running."""
    return asyncio.run(play())


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def main() -> None:
    """Read the command line and do what it says; a failure is one clear line."""
    try:
        refuse_unknown_variables((*SERVICES, *ASKERS))
        result: object = app()
    except BrokenPipeError:  # who read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except _EXPECTED as error:
        sys.exit(f"nextgen: {error}")
    except BaseExceptionGroup as group:
        expected, unexpected = group.split(_EXPECTED)
        if unexpected is not None or expected is None:
            raise
        sys.exit(f"nextgen: {_first(expected)}")
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
