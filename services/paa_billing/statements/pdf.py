"""A statement as PDF: tagged (PDF/UA-1), fonts inside, and the same bytes each time."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import typst

from services.paa_billing.statements.document import digest_of, read_statement
from services.paa_billing.statements.layout import Printed, lay_out
from services.paa_billing.statements.printable import printable, printable_in_ascii

LARGE_LINE_COUNT = 500
FORGOTTEN_AFTER_COMPILES = 12
TEMPLATE = Path(__file__).with_name("statement.typ")


def render_pdf(canonical: bytes) -> bytes:
    """The PDF of a statement's JSON; the CPU's work, for a process that was spawned.

    typst keeps threads, so a process that has called this must never fork. The texts reach the template as
    data, never as markup.
    """
    statement = read_statement(canonical)
    digest = digest_of(canonical)
    printed = lay_out(statement)
    issued_second = int(statement.issued_at.timestamp())
    try:
        return _compile(_with_texts(printed, printable), digest, issued_second)
    except typst.TypstError:
        # Each character has its shape in some font, but a letter and its marks may need one font together.
        return _compile(_with_texts(printed, printable_in_ascii), digest, issued_second)
    finally:
        if len(statement.lines) > LARGE_LINE_COUNT:
            _forget_layouts()


def _compile(printed: Printed, digest: str, timestamp: int) -> bytes:
    pdf = typst.compile(
        _template(),
        font_paths=_fonts(),
        sys_inputs={"printed": msgspec.json.encode(printed).decode(), "digest": digest},
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=timestamp,
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst answered no PDF")
    return pdf


def _forget_layouts() -> None:
    """Make typst drop what it keeps of former documents, which it does some compiles after the last use."""
    for _ in range(FORGOTTEN_AFTER_COMPILES):
        typst.compile(b"", format="pdf", font_paths=_fonts())


@cache
def _fonts() -> typst.Fonts:
    """Only the fonts that come with typst: those of the machine would make the bytes differ by machine."""
    return typst.Fonts(include_system_fonts=False)


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


def _with_texts(printed: Printed, change: Callable[[str], str]) -> Printed:
    """The same layout with each text changed."""

    def changed(value: object) -> object:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list | tuple):
            return [changed(each) for each in value]
        if isinstance(value, dict):
            return {key: changed(each) for key, each in value.items()}
        return value

    return msgspec.convert(changed(msgspec.to_builtins(printed)), Printed)
