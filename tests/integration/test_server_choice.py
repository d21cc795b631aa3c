"""Which servers a checkout uses: given ones, Docker's or its own; and how a wait for them ends."""

import json
import socket
from pathlib import Path

import pytest

from deploy.local import servers
from deploy.local.engine import find_engine
from deploy.local.homes import temporary_folder
from deploy.local.postgres import PostgresServer
from deploy.local.progress import LocalServerError, wait_until

GIVEN = {
    "DATABASE_ADMIN_URL": "postgresql://admin:secret@db.example:5432/postgres",
    "BROKER_URL": "amqp://someone:secret@mq.example:5672/vhost",
    "BROKER_ADMIN_URL": "http://admin:secret@mq.example:15672/",
}


def test_a_wait_ends_at_its_deadline_with_the_last_lines_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)), encoding="utf-8")

    with pytest.raises(LocalServerError) as raised:
        wait_until(lambda: False, what="something", deadline_seconds=0.05, log_path=log)

    assert "line 99" in str(raised.value)
    assert "line 80" in str(raised.value)
    assert "line 79" not in str(raised.value)


def test_a_server_that_can_not_start_says_so_at_once_with_the_end_of_its_log() -> None:
    with temporary_folder() as folder:
        server = PostgresServer(folder, is_fast=True)
        server.start()
        server.stop()
        (folder / "home" / "data" / "global" / "pg_control").unlink()

        with pytest.raises(
            LocalServerError, match=r"(?s)starting PostgreSQL failed.*could not find the database"
        ):
            server.start()


def test_given_addresses_are_used_as_they_are(tmp_path: Path) -> None:
    found = servers.resolve(tmp_path, GIVEN)

    assert found.origin == "environment"
    assert found.broker_url == "amqp://mq.example:5672"
    assert found.broker_admin_url == "http://admin:secret@mq.example:15672"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", list(GIVEN))
def test_an_address_that_is_missing_among_given_ones_is_named(missing: str, tmp_path: Path) -> None:
    given = {name: address for name, address in GIVEN.items() if name != missing}

    with pytest.raises(LocalServerError, match=f"{missing} is missing"):
        servers.resolve(tmp_path, given)


def test_an_engine_that_does_not_answer_is_not_used() -> None:
    with temporary_folder() as folder, socket.socket(socket.AF_UNIX) as silent:
        path = folder / "docker.sock"
        silent.bind(str(path))
        silent.listen()

        found = find_engine({"DOCKER_HOST": f"unix://{path}"})

    assert found is None


def test_servers_that_were_started_in_docker_are_not_replaced_by_empty_ones(tmp_path: Path) -> None:
    in_docker = {"postgres_url": "", "broker_url": "", "broker_admin_url": "", "origin": "docker"}
    (tmp_path / "servers.json").write_text(json.dumps(in_docker), encoding="utf-8")

    with pytest.raises(LocalServerError, match="are Docker's"):
        servers.resolve(tmp_path, {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
