"""A misspelt variable stops the start by its name; what belongs to another party or to the tool doesn't."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.accounts.settings import Settings
from shared.errors import SettingsError
from shared.messaging.topology import ASKERS, SERVICES
from shared.settings import read_common_settings, read_settings, refuse_unknown_variables

ROOT = Path(__file__).parent.parent.parent
PARTIES = (*SERVICES, *ASKERS)


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("NEXTGEN_POLICIES_FILES", "NEXTGEN_POLICIES_FILE"),
        ("NEXTGEN_CLOCKFILE", "NEXTGEN_CLOCK_FILE"),
        ("NEXTGEN_ENVIROMENT", "NEXTGEN_ENVIRONMENT"),
        ("NEXTGEN_STORY", "NEXTGEN_STORIES"),
        ("NEXTGEN_NOTIFIY_BROKER_URL", "NEXTGEN_NOTIFY_BROKER_URL"),
        ("NEXTGEN_BILLING_DATABASE_URL_FILE", "NEXTGEN_PAA_BILLING_DATABASE_URL_FILE"),
        ("NEXTGEN_ACCOUNTSPOOL_SIZE", "NEXTGEN_ACCOUNTS_POOL_SIZE"),
    ],
)
def test_a_variable_of_nobody_is_named_with_the_nearest_known(variable: str, meant: str) -> None:
    with pytest.raises(SettingsError) as raised:
        refuse_unknown_variables(PARTIES, {"NEXTGEN_ENVIRONMENT": "test", variable: "a secret"})

    text = str(raised.value)
    assert text.startswith(f"no setting is called {variable}; the nearest that are known: ")
    assert meant in text.partition("known: ")[2].split(", ")
    assert "a secret" not in text


def test_a_variable_that_resembles_nothing_is_named_alone() -> None:
    with pytest.raises(SettingsError, match=r"^no setting is called NEXTGEN_XQZ$"):
        refuse_unknown_variables(PARTIES, {"NEXTGEN_XQZ": "1"})


def test_variables_of_other_services_of_all_and_of_the_tool_are_accepted() -> None:
    refuse_unknown_variables(
        PARTIES,
        {
            "NEXTGEN_LINKING_HASHING_THREADS": "2",
            "NEXTGEN_PAA_BILLING_DATABASE_URL_FILE": "/run/url",
            "NEXTGEN_PORTAL_PORT": "8000",
            "NEXTGEN_POLICIES_FILE": "policies.toml",
            "NEXTGEN_STORIES": "/var/lib/nextgen",
            "PATH": "/bin",
            "ACCOUNTS_SERVICE_HOST": "10.0.0.1",
        },
    )


def test_a_misspelt_variable_of_the_own_service_is_named_with_the_nearest_known() -> None:
    with pytest.raises(
        SettingsError, match=r"called NEXTGEN_ACCOUNTS_SIGNINGKEY_FILE; .*ACCOUNTS_SIGNING_KEY_FILE"
    ):
        read_settings(Settings, "NEXTGEN_ACCOUNTS_", {"NEXTGEN_ACCOUNTS_SIGNINGKEY_FILE": "/run/key"})


def test_common_settings_are_read_beside_those_of_services() -> None:
    common = read_common_settings({"NEXTGEN_ENVIRONMENT": "demo", "NEXTGEN_LINKING_POOL_SIZE": "3"})

    assert common.environment == "demo"


@pytest.mark.parametrize("module", ["services.linking", "deploy.tool"])
def test_a_process_with_a_misspelt_variable_ends_with_one_line(module: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "NEXTGEN_POLICES_FILE": "policies.toml"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert "no setting is called NEXTGEN_POLICES_FILE; the nearest that are known: " in ended.stderr
    assert "NEXTGEN_POLICIES_FILE" in ended.stderr


@pytest.mark.parametrize(("memory_kib", "passes"), [("19455", "2"), ("19456", "1")])
def test_in_production_hashing_below_what_is_advised_is_refused(memory_kib: str, passes: str) -> None:
    given = {
        "DATABASE_URL": "postgresql:///nowhere",
        "BROKER_URL": "amqp://nowhere",
        "SEALING_KEY": "00" * 32,
        "SEALING_PUBLIC_KEYS_FILE": "/dev/null",
        "ASSERTION_PUBLIC_KEYS_FILE": "/dev/null",
        "SIGNING_KEY": "00" * 32,
        "SIGNING_KEY_ID": "1",
        "FACTOR_KEY": "00" * 32,
        "PASSWORD_MEMORY_KIB": memory_kib,
        "PASSWORD_PASSES": passes,
    }

    ended = subprocess.run(
        [sys.executable, "-m", "services.accounts"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | {f"NEXTGEN_ACCOUNTS_{name}": text for name, text in given.items()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "accounts does not start: passwords are hashed with password_memory_kib=19456"
    )
    assert ended.stderr.count("\n") == 1
