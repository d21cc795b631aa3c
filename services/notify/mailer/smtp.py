"""Handing a mail to the mail server, and what became of it."""

import asyncio
import contextlib

from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPRecipientRefused

from services.notify.mailer.mail import Mail
from services.notify.model import GivenUp, Outcome, Postponed, Sent
from services.notify.settings import MailServer

FAREWELL_SECONDS = 2
_REFUSED_FOR_GOOD = 500


async def post(mail: Mail, server: MailServer, greeting: str) -> Outcome:
    """Hand one mail over on a connection of its own.

    A refusal of this recipient or this mail with 5xx is final. Whatever fails before the mail was handed over
    is tried again, a refused login or sender too: those are about us and not about the recipient. A
    connection lost after that leaves the outcome unknown.
    """
    client = SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user or None,
        password=server.password or None,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        local_hostname=greeting,
        timeout=server.timeout_seconds,
    )
    try:
        async with asyncio.timeout(server.timeout_seconds):
            await client.connect()
            await client.mail(mail.sender)
            await client.rcpt(mail.recipient)
    except SMTPRecipientRefused as error:
        outcome = _refused(error.code)
    except (SMTPException, OSError, TimeoutError) as error:
        outcome = Postponed(f"mail_server_{type(error).__name__}")
    else:
        outcome = await _hand_over(client, mail, server.timeout_seconds)
    await _say_farewell(client)
    return outcome


async def _hand_over(client: SMTP, mail: Mail, timeout_seconds: float) -> Outcome:
    try:
        async with asyncio.timeout(timeout_seconds):
            await client.data(mail.content)
    except SMTPDataError as error:
        return _refused(error.code)
    except (SMTPException, OSError, TimeoutError):
        return Postponed("outcome_unknown", is_outcome_unknown=True)
    return Sent()


def _refused(code: int) -> Outcome:
    return GivenUp(f"refused_{code}") if code >= _REFUSED_FOR_GOOD else Postponed(f"refused_{code}")


async def _say_farewell(client: SMTP) -> None:
    """The outcome is known by now, whatever becomes of this."""
    with contextlib.suppress(SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(FAREWELL_SECONDS):
            if client.is_connected:
                await client.quit()
    client.close()
