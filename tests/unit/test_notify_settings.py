"""A setting of notify that would spoil every mail stops the start."""

from typing import Any
from uuid import uuid4

import pytest

from services.notify.mailer import Texts, build_mail
from services.notify.settings import Settings, open_resources
from shared.errors import SettingsError
from shared.policies import read_policies
from shared.settings import read_settings
from tests.messaging import NOON

USUAL = {
    "DATABASE_URL": "postgresql://db.example/notify",
    "BROKER_URL": "amqp://broker.example",
    "SEALING_KEY": "00" * 32,
    "SEALING_PUBLIC_KEYS_FILE": "sealing.json",
    "ASSERTION_PUBLIC_KEYS_FILE": "assertion.json",
    "SMTP_HOST": "mail.example",
    "SMTP_PORT": "587",
    "SENDER_ADDRESS": "no-reply@accounts.example",
    "PORTAL_URL": "https://accounts.example/",
}


def read(**changes: str) -> Settings:
    environment = {f"NEXTGEN_NOTIFY_{name}": value for name, value in {**USUAL, **changes}.items()}
    return read_settings(Settings, "NEXTGEN_NOTIFY_", environment)


async def test_usual_settings_make_the_resources(tmp_path: Any) -> None:
    secret = tmp_path / "password"
    secret.write_text("of the mail server\n")

    async with open_resources(read(SMTP_PASSWORD_FILE=str(secret)), read_policies()) as resources:
        assert (resources.server.port, resources.server.security) == (587, "starttls")
        assert resources.server.password == "of the mail server"
        assert "of the mail server" not in repr(resources)
        assert resources.sender.portal_url == "https://accounts.example"
        assert resources.sender.domain == "accounts.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENDER_ADDRESS", "no-reply"),
        ("SENDER_ADDRESS", "no-reply@accounts.example, other@evil.example"),
        ("SENDER_NAME", "NextGen\r\nBcc: victim@evil.example"),
        ("SENDER_NAME", "=?utf-8?q?NextGen?="),
        ("PORTAL_URL", "javascript:alert(1)"),
        ("PORTAL_URL", "https://accounts.example/?next="),
        ("SMTP_SECURITY", "perhaps"),
        ("SMTP_PORT", "many"),
        ("SMTP_HOTS", "mail.example"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"(?i){name}"):
        read(**{name: value})


async def test_every_sender_that_the_settings_allow_makes_a_mail() -> None:
    name, address = "A&B's Mail/Desk - U.S. " + "x" * 55, "a" * 64 + "@" + "b" * 60 + ".example"

    async with open_resources(read(SENDER_NAME=name, SENDER_ADDRESS=address), read_policies()) as resources:
        mail = build_mail(
            notification_id=uuid4(),
            correlation_id=uuid4(),
            kind="welcome",
            subject="Welcome",
            texts=Texts(plain="Hello\n", html="<p>Hello</p>\n"),
            sender=resources.sender,
            recipient="ann@example.org",
            at=NOON,
        )

    assert mail.sender == address
