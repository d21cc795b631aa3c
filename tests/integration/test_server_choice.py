"""Which servers a checkout uses: given ones, Docker's or its own; and how a wait for them ends."""

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from deploy.local import servers
from deploy.local.engine import find_engine
from deploy.local.homes import temporary_folder
from deploy.local.postgres import PostgresServer
from deploy.local.progress import LocalServerError, wait_until
from tests.servers import prepare, servers_of_session

GIVEN = {
    "DATABASE_ADMIN_URL": "postgresql://admin:secret@db.example:5432/postgres",
    "BROKER_URL": "amqp://someone:secret@mq.example:5672/vhost",
    "BROKER_ADMIN_URL": "http://admin:secret@mq.example:15672/",
}


class EmptyEngine(BaseHTTPRequestHandler):
    """Speaks for a Docker engine with nothing in it, which can't get anything either."""

    def do_GET(self) -> None:
        if self.path.endswith("/version"):
            self._answer(200, {"ApiVersion": "1.44"})
        else:
            self._answer(404, {"message": "nothing of that name"})

    def do_POST(self) -> None:
        self._answer(200, {"error": "pull access denied"})  # a pull fails after it was begun

    def address_string(self) -> str:
        return "a socket"

    def _answer(self, status: int, body: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def docker_host() -> Iterator[str]:
    """The address of an engine that answers."""
    with temporary_folder() as folder:
        path = folder / "docker.sock"
        with socketserver.ThreadingUnixStreamServer(str(path), EmptyEngine) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"unix://{path}"
            server.shutdown()


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


def test_an_engine_on_another_machine_is_not_used(capsys: pytest.CaptureFixture[str]) -> None:
    found = find_engine({"DOCKER_HOST": "tcp://docker.example:2375"})

    assert found is None
    assert "docker.example:2375 is not on this machine" in capsys.readouterr().err


def test_an_engine_that_answers_is_used(docker_host: str) -> None:
    found = find_engine({"DOCKER_HOST": docker_host})

    assert found is not None
    assert not found.is_running("nextgen-postgres")
    assert found.log_of("nextgen-postgres") == ""


def test_where_an_engine_can_not_pull_an_image_its_own_words_are_shown(
    docker_host: str, tmp_path: Path
) -> None:
    with pytest.raises(LocalServerError, match=r"can't pull postgres:15: .*pull access denied"):
        servers.resolve(tmp_path, {"DOCKER_HOST": docker_host})


def test_the_tests_too_use_addresses_that_are_given(
    docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, address in {**GIVEN, "DOCKER_HOST": docker_host}.items():
        monkeypatch.setenv(name, address)

    prepare()
    with servers_of_session() as found:
        assert found == servers.from_environment(GIVEN)


def test_the_tests_prefer_an_engine_that_answers_to_private_servers(
    docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in GIVEN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", docker_host)

    with pytest.raises(LocalServerError, match=r"can't pull postgres:15"):
        prepare()


def test_servers_that_were_started_in_docker_are_not_replaced_by_empty_ones(tmp_path: Path) -> None:
    in_docker = {"postgres_url": "", "broker_url": "", "broker_admin_url": "", "origin": "docker"}
    (tmp_path / "servers.json").write_text(json.dumps(in_docker), encoding="utf-8")

    with pytest.raises(LocalServerError, match="are Docker's"):
        servers.resolve(tmp_path, {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
