"""What notify decides: who is told of an event, what they are told, and when a mail is tried again."""

from services.notify.rules.letters import GONE, concerned, others_in
from services.notify.rules.sending import (
    is_for_nobody,
    retry_delay_seconds,
    settle,
    why_not_to_send,
    why_not_to_write,
)

__all__ = [
    "GONE",
    "concerned",
    "is_for_nobody",
    "others_in",
    "retry_delay_seconds",
    "settle",
    "why_not_to_send",
    "why_not_to_write",
]
