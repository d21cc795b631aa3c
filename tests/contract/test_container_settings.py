"""Holds that services in containers get their settings, each its own secrets, and that logs hold no data."""

import importlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.local import containers, postgres, rabbitmq
from deploy.local.servers import Servers, from_environment
from deploy.tool.installing import settings_folder, write_settings
from deploy.tool.stories import HASHERS, MEMORY_FOR_HASHING, Record, Story, make_keys
from services.portal.settings import Settings as EdgeSettings
from shared.errors import SettingsError
from shared.messaging.registry import MAXIMUM_BODY_BYTES
from shared.messaging.topology import ASKERS, SERVICES
from shared.settings import (
    PartySettings,
    ServiceSettings,
    read_settings,
    refuse_unknown_variables,
    seals_from,
)
from tests.contract.compose_file import read_compose

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = read_compose(DEPLOY / "compose.yaml")
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
IN_IMAGE = "/var/lib/nextgen/1/settings"
GIVEN = {
    "SMTP_HOST": "mail.example",
    "SENDER_ADDRESS": "notices@pacer.example",
    "PORTAL_URL": "https://pacer.example",
}


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """An installation with its settings written; nothing of it is on a server."""
    servers = Servers(
        postgres_url="postgresql://admin:admins-password@postgres:5432/postgres",
        broker_url="amqp://rabbitmq:5672",
        broker_admin_url="http://admin:admins-password@rabbitmq:15672",
        origin="environment",
    )
    record = Record(number=1, instance="nextgen", courts=("ncwbk",), has_own_roles=True)
    story = Story(folder=tmp_path / "1", record=record, given_servers=servers)
    story.folder.mkdir()
    make_keys(story)
    write_settings(story)
    return story


def settings_in_container(service: str, story: Story) -> PartySettings:
    """The settings that a service reads with its container's environment and the files it is given."""
    password = story.folder / "smtp_password"
    password.write_text("\n")
    environment = {}
    for name, text in CONTAINERS[service]["environment"].items():
        value = re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda m: GIVEN.get(m[1], m[2] or ""), text)
        value = value.replace("/run/secrets/smtp_password", str(password))
        environment[name] = value.replace("/run/nextgen/", f"{settings_folder(story, service)}/")
    kind = importlib.import_module(f"services.{service}.settings").Settings
    found = read_settings(kind, f"NEXTGEN_{service.upper()}_", environment)
    assert isinstance(found, PartySettings)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_with_what_the_setup_writes_and_compose_names(service: str, story: Story) -> None:
    settings = settings_in_container(service, story)

    seals_from(settings)
    assert isinstance(settings, ServiceSettings)
    assert f"://{service}:" in settings.database_url
    assert f"://nextgen-{service}:" in settings.broker_url
    assert settings.health_port is not None


def test_the_edge_starts_with_what_the_setup_writes_and_trusts_no_proxy_by_itself(story: Story) -> None:
    settings = settings_in_container("portal", story)

    seals_from(settings)
    assert isinstance(settings, EdgeSettings)
    assert "://nextgen-portal:" in settings.broker_url
    assert (settings.origin, settings.proxies) == ("https://pacer.example", ())


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_no_container_is_given_a_variable_that_nobody_knows(name: str) -> None:
    of_image = re.findall(r"NEXTGEN_\w+(?==)", (DEPLOY / "Dockerfile").read_text())
    named = {*CONTAINERS[name]["environment"], *of_image}

    refuse_unknown_variables((*SERVICES, *ASKERS), dict.fromkeys(named, "anything"))

    assert "NEXTGEN_STORIES" in of_image


@pytest.mark.parametrize("service", HASHERS)
def test_who_hashes_gets_memory_in_a_way_that_the_c_library_knows(service: str) -> None:
    tunables = CONTAINERS[service]["environment"]["GLIBC_TUNABLES"]
    loader = re.search(r"/\S*/ld-linux\S*", Path("/proc/self/maps").read_text())

    assert loader is not None
    known = subprocess.run(
        [loader[0], "--list-tunables"],
        env={"GLIBC_TUNABLES": tunables},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert tunables == MEMORY_FOR_HASHING
    for name, value in (each.split("=") for each in tunables.split(":")):
        (taken,) = re.findall(rf"{re.escape(name)}: (\w+) \(", known)
        assert int(taken, 16) == int(value), f"{name} stayed {taken}"


def test_a_shell_may_hold_what_the_compose_file_takes_from_it() -> None:
    taken = re.findall(r"\$\{(NEXTGEN_\w+)", (DEPLOY / "compose.yaml").read_text())

    refuse_unknown_variables(SERVICES, dict.fromkeys(taken, "anything"))

    assert set(taken) == {"NEXTGEN_IMAGE", "NEXTGEN_COURTS"}


def test_a_settings_file_that_is_missing_stops_the_start(story: Story) -> None:
    (settings_folder(story, "linking") / "broker_url").unlink()

    with pytest.raises(SettingsError, match="NEXTGEN_LINKING_BROKER_URL_FILE"):
        settings_in_container("linking", story)


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_no_secret_stands_in_the_compose_file(name: str) -> None:
    for variable, value in CONTAINERS[name]["environment"].items():
        if re.search(r"(PASSWORD|KEYS?|DATABASE_URL|ADMIN_URL|BROKER_URL)(_FILE)?$", variable):
            is_file = variable.endswith("_FILE") and value.startswith(("/run/nextgen/", "/run/secrets/"))
            assert is_file or value == "amqp://rabbitmq:5672"
        assert not re.search(r"://[^/]*:[^/]*@", value)


def test_each_service_is_given_its_own_settings_and_no_other_partys(story: Story) -> None:
    written = {volume.split(":")[0]: volume.split(":")[1] for volume in CONTAINERS["setup"]["volumes"]}

    for service in (*SERVICES, "portal"):
        given = [volume for volume in CONTAINERS[service]["volumes"] if ":/run/nextgen" in volume]
        volume = f"{service.replace('_', '-')}-settings"
        assert given == [f"{volume}:/run/nextgen:ro"]
        assert written[volume] == f"{IN_IMAGE}/{service}"
    holders = [
        name for name in CONTAINERS if any("installation" in v for v in CONTAINERS[name].get("volumes", []))
    ]
    assert holders == ["setup"]


def test_no_two_parties_files_hold_the_same_secret(story: Story) -> None:
    parties = (*SERVICES, "portal", "operator", "ncwbk")
    secrets = [
        path.read_text()
        for party in parties
        for path in settings_folder(story, party).iterdir()
        if not path.name.endswith(".json")
    ]

    assert len(secrets) == len(set(secrets))
    assert not any("admins-password" in secret for secret in secrets)
    assert [path.name for path in settings_folder(story, "ncwbk").iterdir()] == ["broker_url"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in story.folder.rglob("settings/*/*"))


def test_nothing_that_was_sent_to_postgres_reaches_its_log() -> None:
    expected = settings_of(postgres.SETTINGS)
    found = settings_of((DEPLOY / "postgres" / "postgresql.conf").read_text())

    for name in ("log_error_verbosity", "log_statement", "log_min_error_statement", "log_line_prefix"):
        assert found[name] == expected[name]
    assert found["log_parameter_max_length"] == found["log_parameter_max_length_on_error"] == "0"
    assert found["log_min_duration_statement"] == "-1"
    assert "config_file=/etc/postgresql/postgresql.conf" in CONTAINERS["postgres"]["command"]
    mount = "./postgres/postgresql.conf:/etc/postgresql/postgresql.conf:ro"
    assert mount in CONTAINERS["postgres"]["volumes"]


def test_no_body_of_a_message_reaches_the_brokers_log() -> None:
    kernel = re.sub(r"(?m)^%%.*\n", "", (DEPLOY / "rabbitmq" / "kernel.config").read_text())
    container = CONTAINERS["rabbitmq"]

    assert kernel == rabbitmq.KERNEL_CONFIGURATION
    assert "./rabbitmq/kernel.config:/etc/rabbitmq/kernel.config:ro" in container["volumes"]
    arguments = container["environment"]["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"]
    assert arguments == "-config /etc/rabbitmq/kernel"
    found = settings_of((DEPLOY / "rabbitmq" / "nextgen.conf").read_text())
    assert found["log.console.level"] == "warning"


def test_every_configuration_of_the_broker_takes_bodies_of_512_kib_at_most() -> None:
    in_compose = settings_of((DEPLOY / "rabbitmq" / "nextgen.conf").read_text())

    assert in_compose["max_message_size"] == str(rabbitmq.LARGEST_MESSAGE_BYTES) == "524288"
    assert (
        "./rabbitmq/nextgen.conf:/etc/rabbitmq/conf.d/20-nextgen.conf:ro" in CONTAINERS["rabbitmq"]["volumes"]
    )
    assert "max_message_size = {largest}\n" in rabbitmq.CONFIGURATION
    assert in_compose["consumer_timeout"] == str(rabbitmq.CONSUMER_TIMEOUT_MILLISECONDS)
    assert "consumer_timeout = {patience}\n" in rabbitmq.CONFIGURATION
    arguments = containers.broker_environment("secret")["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"]
    assert arguments == "-rabbit max_message_size 524288 consumer_timeout 86400000"
    assert rabbitmq.LARGEST_MESSAGE_BYTES > MAXIMUM_BODY_BYTES, "what is too large is parked, up to there"


def settings_of(text: str) -> dict[str, str]:
    """The `name = value` lines of a configuration."""
    return dict(re.findall(r"(?m)^([\w.]+) = '?(.*?)'?$", text))


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    script = shutil.copy(DEPLOY / "make_secrets.sh", tmp_path)
    folder = tmp_path / "secrets"

    subprocess.run(["/bin/sh", script], check=True, capture_output=True)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    subprocess.run(["/bin/sh", script], check=True, capture_output=True)

    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    named = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert {*named, "complete"} == set(first)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert ":" + first["postgres_password"].strip() + "@postgres:" in first["database_admin_url"]
    password = settings_of(first["rabbitmq_administrator.conf"])["default_pass"]
    assert f":{password}@rabbitmq:" in first["broker_admin_url"]
    assert len(password) == 48


def test_addresses_of_the_servers_may_be_given_as_files(tmp_path: Path) -> None:
    (tmp_path / "database").write_text("postgresql://admin:secret@postgres/postgres\n")
    (tmp_path / "broker").write_text("http://admin:secret@rabbitmq:15672/\n")

    servers = from_environment(
        {
            "DATABASE_ADMIN_URL_FILE": str(tmp_path / "database"),
            "BROKER_ADMIN_URL_FILE": str(tmp_path / "broker"),
            "BROKER_URL": "amqp://rabbitmq:5672",
        }
    )

    assert servers is not None
    assert servers.postgres_url == "postgresql://admin:secret@postgres/postgres"
    assert servers.broker_admin_url == "http://admin:secret@rabbitmq:15672"
