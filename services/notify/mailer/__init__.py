"""Mail: its texts, its bytes, and handing it to a mail server."""

from services.notify.mailer.mail import Mail, UnsafeMailError, build_mail
from services.notify.mailer.smtp import post
from services.notify.mailer.texts import TEMPLATES, TextError, Texts, load_texts, subject_of, write_texts

__all__ = [
    "TEMPLATES",
    "Mail",
    "TextError",
    "Texts",
    "UnsafeMailError",
    "build_mail",
    "load_texts",
    "post",
    "subject_of",
    "write_texts",
]
