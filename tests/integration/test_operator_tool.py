"""The operator's commands as they are typed, on an installation."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from deploy.local.postgres import PostgresServer
from deploy.local.servers import Servers
from deploy.tool.installing import install
from deploy.tool.operating import operator_name
from deploy.tool.stories import Story
from deploy.tool.topology import remove_instance
from shared.clock import real_clock
from shared.database import open_connection
from shared.messages.accounts import ContactChanged
from shared.messaging.ids import new_id
from shared.messaging.parked import Parked, insert_parked
from tests.installation import ROOT

INSTANCE = f"operated{secrets.token_hex(3)}"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
async def story(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Story]:
    """An installation on a PostgreSQL of its own, since it gives its roles new passwords."""
    postgres = PostgresServer(tmp_path_factory.mktemp("operating") / "postgres", is_fast=True)
    postgres.start()
    on = replace(servers, postgres_url=postgres.url, origin="environment")
    yield await install(on, [], folder=tmp_path_factory.mktemp("stories") / "1", instance=INSTANCE)
    postgres.stop()
    remove_instance(servers.broker_admin_url, INSTANCE)


@pytest.fixture
async def parked(story: Story) -> Parked:
    """An event that notify has parked, about a person."""
    now = real_clock()
    body = ContactChanged(account_id=uuid4(), version=1, name="Jane Secret", email="jane@court.example")
    row = Parked(
        id=uuid4(),
        queue="notify.events",
        message_id=new_id(now),
        type=ContactChanged.message_name(),
        sender="accounts",
        correlation_id=new_id(now),
        headers={"cloudEvents:time": now.isoformat()},
        body=msgspec.json.encode(body),
        reason="failed",
        error="RuntimeError",
        attempts=5,
        parked_at=now,
    )
    connection = await open_connection(story.database_url("notify"), name="test")
    await connection.execute(
        "SELECT ensure_partitions($1, $2)", now - timedelta(days=2), now + timedelta(days=2)
    )
    await insert_parked(connection, row)
    await connection.close()
    return row


@pytest.fixture
def nextgen(story: Story) -> Run:
    """Runs a command line."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NEXTGEN_")},
        "NEXTGEN_STORIES": str(story.folder.parent),
        "DATABASE_ADMIN_URL": story.servers.postgres_url,
        "BROKER_URL": story.servers.broker_url,
        "BROKER_ADMIN_URL": story.servers.broker_admin_url,
    }

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [Path(sys.executable).with_name("nextgen"), *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_parked_messages_are_listed_and_shown(nextgen: Run, parked: Parked) -> None:
    listed = nextgen("parked", "list", "--service", "notify", "--reason", "failed")
    elsewhere = nextgen("parked", "list", "--service", "linking")
    shown = nextgen("parked", "show", str(parked.id))
    with_body = nextgen("parked", "show", str(parked.id), "--body")

    assert (listed.returncode, str(parked.id) in listed.stdout) == (0, True), listed.stderr
    assert elsewhere.stdout == "nothing is parked that fits\n"
    assert "Jane" not in listed.stdout + shown.stdout
    assert "Jane Secret" in with_body.stdout


async def test_a_message_erased_with_its_account_is_shown_as_such_and_not_redriven(
    nextgen: Run, parked: Parked, story: Story
) -> None:
    connection = await open_connection(story.database_url("notify"), name="test")
    await connection.execute(
        "UPDATE parked_messages SET body = NULL, erased_at = now() WHERE id = $1", parked.id
    )
    await connection.close()

    shown = await asyncio.to_thread(nextgen, "parked", "show", str(parked.id), "--body")
    redriven = await asyncio.to_thread(nextgen, "parked", "redrive", "--id", str(parked.id))

    assert "body            erased" in shown.stdout, shown.stderr
    assert (redriven.returncode, "it was erased, with the account" in redriven.stdout) == (1, True)


def test_a_dry_run_handles_it_with_the_services_code_and_is_on_record(nextgen: Run, parked: Parked) -> None:
    tried = nextgen("parked", "redrive", "--dry-run", "--id", str(parked.message_id))
    shown = nextgen("parked", "show", str(parked.id))

    assert (tried.returncode, "would_be_handled" in tried.stdout) == (0, True), tried.stdout + tried.stderr
    assert f"{operator_name()}: would_be_handled" in shown.stdout


def test_a_redrive_that_nobody_handles_fails(nextgen: Run, parked: Parked) -> None:
    redriven = nextgen("parked", "redrive", "--all", "--wait", "1", "--step", "1")

    assert redriven.returncode == 1
    assert "not_handled_in_time" in redriven.stdout


def test_a_trace_is_drawn_and_given_as_json(nextgen: Run, parked: Parked) -> None:
    drawn = nextgen("trace", str(parked.message_id))
    as_json = nextgen("trace", str(parked.correlation_id), "--json")

    assert f"parked from {parked.queue}" in drawn.stdout, drawn.stderr
    (message,) = json.loads(as_json.stdout)["messages"]
    assert UUID(message["message_id"]) == parked.message_id


def test_what_cannot_be_done_is_one_clear_line(nextgen: Run, parked: Parked) -> None:
    unknown = str(uuid4())
    for words, line in {
        ("parked", "show", unknown): f"nextgen: no service has parked {unknown}",
        ("parked", "redrive"): "nextgen: say which messages",
        ("parked", "list", "--service", "portal"): "nextgen: there is no service portal",
        ("trace", unknown): f"nextgen: nothing is known of {unknown}",
        ("replay", "--from", "2024-01-01", "--type", "no.such.v1"): "nextgen: no reader subscribes",
    }.items():
        refused = nextgen(*words)
        assert (refused.returncode, refused.stderr.startswith(line)) == (1, True), refused.stderr


def test_the_outboxes_and_a_replay_of_nothing_are_well(nextgen: Run, parked: Parked) -> None:
    outbox = nextgen("outbox")
    replay = nextgen("replay", "--from", "2024-01-01", "--service", "notify", "--type", parked.type or "")

    assert (outbox.returncode, len(outbox.stdout.splitlines())) == (0, 5), outbox.stderr
    assert replay.returncode == 0, replay.stderr
