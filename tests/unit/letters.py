"""Whom letters are expected to go to: for a rule and an event, each kind of letter with its address."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.notify.model import Directory, Letter
from services.notify.settings import Sender
from shared.messages.base import Event
from shared.sealed import Sealed
from tests.messaging import NOON

Expected = tuple[Callable[[Any, Directory], tuple[Letter, ...]], Event, dict[str, str]]
PERSON, ADMINISTRATOR = uuid4(), uuid4()
"""Ann Lee at ann@example.org, and Bob Ray at bob@firm.example."""
SEALED = Sealed(reader="notify", public_key=b"key", ciphertext=b"text", expires_at=NOON + timedelta(days=7))
SENDER = Sender(address="no-reply@accounts.example", name="NextGen", portal_url="https://accounts.example")
