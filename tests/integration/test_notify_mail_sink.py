"""The mail server of the demo: a process of its own that keeps each mail as a file."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from deploy.local import mail_sink, processes
from services.notify.mailer import Texts, build_mail, post
from services.notify.model import Sent
from services.notify.settings import MailServer, Sender

SENDER = Sender(address="no-reply@accounts.example", name="NextGen", portal_url="https://accounts.example")


async def send_one(port: int, number: int) -> None:
    mail = build_mail(
        notification_id=UUID(int=number),
        correlation_id=UUID(int=77),
        kind="welcome",
        subject=f"Mail {number}",
        texts=Texts(plain="Hello\n", html="<p>Hello</p>\n"),
        sender=SENDER,
        recipient="ann@example.org",
        at=datetime(2024, 2, 1, tzinfo=UTC),
    )
    outcome = await post(mail, MailServer(host="127.0.0.1", port=port, security="none"), "accounts.example")
    assert outcome == Sent()


async def test_a_started_sink_is_a_process_of_its_own_and_is_started_once(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    try:
        port = await asyncio.to_thread(mail_sink.start, folder)
        again = await asyncio.to_thread(mail_sink.start, folder)
        await send_one(port, 1)
        await send_one(port, 2)

        assert again == port
        assert len(processes.running_in(folder)) == 1
        assert mail_sink.read_mails(folder) == [
            mail_sink.ReadMail("ann@example.org", "welcome", f"Mail {n}", str(UUID(int=77)), "Hello\r\n")
            for n in (1, 2)
        ]
    finally:
        await asyncio.to_thread(mail_sink.stop, folder)
    assert processes.running_in(folder) == []


async def test_a_sink_that_starts_again_keeps_the_mails_and_counts_on(tmp_path: Path) -> None:
    for number in (1, 2):
        async with mail_sink.mail_sink(tmp_path) as sink:
            await send_one(sink.port, number)

    assert [mail.subject for mail in mail_sink.read_mails(tmp_path)] == ["Mail 1", "Mail 2"]


async def test_mails_that_come_at_once_are_all_kept(tmp_path: Path) -> None:
    async with mail_sink.mail_sink(tmp_path) as sink, asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(send_one(sink.port, number))

    assert {mail.subject for mail in mail_sink.read_mails(tmp_path)} == {f"Mail {n}" for n in range(20)}
