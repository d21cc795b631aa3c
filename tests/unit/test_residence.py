"""A story stays on the servers that it was made on: others are refused before anything is made there."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local.progress import LocalServerError
from deploy.local.servers import Servers
from deploy.tool.residence import ResidenceError, check, remember, servers_of

ROOT = Path(__file__).parent.parent.parent
GIVEN = {
    "DATABASE_ADMIN_URL": "postgresql://admin:first-password@db.example/postgres",
    "BROKER_URL": "amqp://mq.example:5672",
    "BROKER_ADMIN_URL": "http://admin:second-password@mq.example:15672",
}
OTHERS = {
    "DATABASE_ADMIN_URL": {"DATABASE_ADMIN_URL": "postgresql://admin:first-password@127.0.0.1:1/postgres"},
    "BROKER_URL": {"BROKER_URL": "amqp://127.0.0.1:1"},
    "BROKER_ADMIN_URL": {"BROKER_ADMIN_URL": "http://admin:second-password@127.0.0.1:1"},
}


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """The folder of a story."""
    folder = tmp_path / "stories" / "7"
    folder.mkdir(parents=True)
    return folder


def lived_on_given(story: Path) -> None:
    remember(story, servers_of(story, GIVEN))


def servers_of_checkout(**changes: Any) -> Servers:
    usual = {"postgres_url": "", "broker_url": "", "broker_admin_url": "", "origin": "private"}
    return Servers(**{**usual, **changes})


def test_a_new_story_takes_the_servers_at_hand_and_remembers_them_without_logins(story: Path) -> None:
    lived_on_given(story)

    assert json.loads((story / "servers.json").read_text()) == {
        "origin": "environment",
        "postgres": "db.example:5432",
        "broker": "mq.example:5672",
        "broker_admin": "mq.example:15672",
    }


def test_the_same_servers_with_other_passwords_and_the_port_spelt_out_are_the_same(story: Path) -> None:
    lived_on_given(story)
    changed = {**GIVEN, "DATABASE_ADMIN_URL": "postgresql://admin:changed@db.example:5432/postgres"}

    assert servers_of(story, changed).postgres_url == changed["DATABASE_ADMIN_URL"]


@pytest.mark.parametrize("other", OTHERS)
def test_another_address_is_refused_and_the_known_ones_are_named(story: Path, other: str) -> None:
    lived_on_given(story)

    with pytest.raises(ResidenceError) as raised:
        servers_of(story, {**GIVEN, **OTHERS[other]})

    assert "story 7 lives on the servers db.example:5432, mq.example:5672" in str(raised.value)
    assert "password" not in str(raised.value)


def test_a_story_of_given_servers_is_not_made_anew_on_private_ones(story: Path, tmp_path: Path) -> None:
    lived_on_given(story)

    with pytest.raises(ResidenceError, match=r"db\.example:5432.*give their addresses as BROKER_URL"):
        servers_of(story, {}, own=tmp_path / "own")

    assert not (tmp_path / "own").exists()


def test_a_story_of_this_checkouts_servers_stays_there_whatever_is_given(story: Path, tmp_path: Path) -> None:
    remember(story, servers_of_checkout(origin="docker"))
    in_docker = {"postgres_url": "", "broker_url": "", "broker_admin_url": "", "origin": "docker"}
    (tmp_path / "servers.json").write_text(json.dumps(in_docker), encoding="utf-8")
    environment = {**GIVEN, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}

    with pytest.raises(LocalServerError, match="are Docker's, which does not answer"):
        servers_of(story, environment, own=tmp_path)


def test_private_servers_may_change_their_ports(story: Path) -> None:
    remember(story, servers_of_checkout(postgres_url="postgresql://127.0.0.1:5000/postgres"))

    check(story, servers_of_checkout(postgres_url="postgresql://127.0.0.1:6000/postgres"))
    with pytest.raises(ResidenceError, match="this checkout's private servers"):
        check(story, servers_of_checkout(origin="docker"))


def test_up_on_other_servers_is_one_line_and_makes_nothing(story: Path) -> None:
    lived_on_given(story)
    (story / "story.json").write_text('{"number":7,"instance":"story7x00","courts":[]}')
    before = sorted(story.iterdir())

    ended = subprocess.run(
        [sys.executable, "-m", "deploy.tool", "up", "7"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "NEXTGEN_STORIES": str(story.parent),
            **{name: OTHERS[name][name] for name in GIVEN},
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("nextgen: story 7 lives on the servers db.example:5432, ")
    assert ended.stderr.count("\n") == 1
    assert sorted(story.iterdir()) == before
