"""A toy of what courts, the operator and the service itself may say to `paa_billing`."""

from collections.abc import Sequence
from typing import ClassVar

from shared.errors import BadEnvelopeError
from shared.messages.base import Command, Message, Speaker
from shared.messaging.registry import Contract, Service, messages_by_name
from shared.messaging.unit_of_work import UnitOfWork
from tests import toy


class ReportWord(Command, frozen=True, kw_only=True, tag="paa_billing.toy_report_word.v1"):
    """What a court reports; the handler compares the court it names with the login that sent it."""

    spoken_by: ClassVar[Speaker] = "court"
    court_id: str
    word: str


class CloseWords(Command, frozen=True, kw_only=True, tag="paa_billing.toy_close_words.v1"):
    """What only the service itself may ask."""

    spoken_by: ClassVar[Speaker] = "service"


class RepairWords(Command, frozen=True, kw_only=True, tag="paa_billing.toy_repair_words.v1"):
    """What only the operator may ask."""

    spoken_by: ClassVar[Speaker] = "operator"


class CountWords(Command, frozen=True, kw_only=True, tag="paa_billing.toy_count_words.v1"):
    """What only an account may ask, with an assertion."""


class RelayWord(Command, frozen=True, kw_only=True, tag="paa_billing.toy_relay_word.v1"):
    """What only a court's machine may ask, through the portal and with a court's assertion."""

    spoken_by: ClassVar[Speaker] = "machine"


KINDS: tuple[type[Command], ...] = (ReportWord, CloseWords, RepairWords, CountWords, RelayWord)


async def report_words(commands: Sequence[tuple[ReportWord, UnitOfWork[None]]]) -> None:
    for command, work in commands:
        if command.court_id != work.cause.sender:
            raise BadEnvelopeError("a court reports for itself only")
        await work.connection.execute("INSERT INTO toy VALUES ($1, $2)", work.new_id(), command.word)


async def must_not_be_reached(command: Message, work: UnitOfWork[None]) -> None:
    await work.connection.execute("INSERT INTO toy VALUES ($1, $2)", work.new_id(), "reached")


BILLING: Service[None] = Service(
    name="paa_billing",
    bulk={ReportWord: report_words},
    handles=dict.fromkeys((CloseWords, RepairWords, CountWords, RelayWord), must_not_be_reached),
)
CONTRACTS = (
    *toy.CONTRACTS,
    *(
        Contract(
            name=kind.message_name(),
            kind="command",
            owner="paa_billing",
            spoken_by=kind.spoken_by,
            queues=(BILLING.queue_of(kind),),
        )
        for kind in KINDS
    ),
)


def register_court_toys() -> None:
    """Make these toys known to this process's registry, and the others too."""
    toy.register_toys()
    messages_by_name().update({kind.message_name(): kind for kind in KINDS})
