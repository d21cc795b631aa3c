"""A statement's PDF: accessible, the same bytes each time, the same figures, and no text taken for markup."""

import io
import multiprocessing
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.paa_billing.statements import digest_of, layout, read_statement, render_pdf
from services.paa_billing.statements.printable import COVERED, printable
from shared.money import Cents, dollars
from tests.unit.statement_builders import (
    ADA,
    FIRM,
    FIRM_PAYER,
    ISSUED,
    JANUARY,
    a_credit,
    a_firms_lines,
    a_line,
    a_settled_quarter,
    issued,
)

ZERO_WIDTH_SPACE = "\u200b"


@pytest.fixture(scope="module")
def firms_json() -> bytes:
    """The statement of a firm with two members, corrections, and enough lines for several pages."""
    many = [
        a_line(100 + number, account_id=ADA, payer_id=FIRM, used_at=JANUARY + timedelta(hours=number))
        for number in range(60)
    ]
    adjustments = [a_credit(1, -120, "printed twice"), a_credit(2, 75, "charged too little")]
    return issued(
        a_settled_quarter(
            [*a_firms_lines(), *many], payer=FIRM_PAYER, adjustments=adjustments, carried_cents=-50
        )
    )


@pytest.fixture(scope="module")
def firms_pdf(firms_json: bytes) -> bytes:
    """Its PDF."""
    return render_pdf(firms_json)


def opened(content: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(content))


def character_map(font: pikepdf.Object) -> dict[int, str]:
    """What each glyph of a font reads as, by its ToUnicode map."""
    text = font.ToUnicode.read_bytes().decode("ascii")
    pairs: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.DOTALL):
        for code, value in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            pairs[int(code, 16)] = bytes.fromhex(value).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.DOTALL):
        for first, last, value in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = int(value, 16)
            for offset in range(int(last, 16) - int(first, 16) + 1):
                pairs[int(first, 16) + offset] = chr(start + offset)
    return pairs


def text_of(page: pikepdf.Page) -> str:
    """The characters that a page shows, in the order of its content, without any spaces."""
    maps = {name: character_map(font) for name, font in page.Resources.Font.items()}
    shown: list[str] = []
    current: dict[int, str] = {}
    for instruction in pikepdf.parse_content_stream(page):
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "Tf":
            current = maps[str(operands[0])]
        elif operator in ("Tj", "TJ"):
            pieces = operands[0] if operator == "TJ" else operands
            strings = [bytes(piece) for piece in pieces if isinstance(piece, pikepdf.String)]
            shown += [current.get(code, "") for piece in strings for code in codes_in(piece)]
    return "".join("".join(shown).split()).replace(ZERO_WIDTH_SPACE, "")


def codes_in(piece: bytes) -> Iterator[int]:
    return (int.from_bytes(piece[at : at + 2], "big") for at in range(0, len(piece), 2))


def whole_text(content: bytes) -> str:
    return "".join(text_of(page) for page in opened(content).pages)


def tags_of(element: pikepdf.Object) -> Iterator[tuple[str, pikepdf.Object]]:
    """All structure elements in reading order."""
    if isinstance(element, pikepdf.Array):
        for child in element:
            yield from tags_of(child)
    elif isinstance(element, pikepdf.Dictionary) and "/S" in element:
        yield str(element.S), element
        if "/K" in element:
            yield from tags_of(element.K)


def test_the_pdf_says_that_it_is_pdf_ua_1_and_has_title_language_and_outline(firms_pdf: bytes) -> None:
    with opened(firms_pdf) as document:
        root = document.Root
        metadata = root.Metadata.read_bytes().decode()
        assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
        assert "Invoice 1042" in metadata
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == "en-US"
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        assert "/Outlines" in root


def test_every_table_is_tagged_with_a_head_and_each_column_head_has_its_scope(firms_pdf: bytes) -> None:
    with opened(firms_pdf) as document:
        tags = list(tags_of(document.Root.StructTreeRoot.K))
        names = Counter(name for name, _ in tags)
        scopes = [scope_of(element) for name, element in tags if name == "/TH"]

    assert {"/Document", "/Title", "/P", "/H1", "/H2", "/TR", "/TD"} <= set(names)
    assert names["/Table"] == names["/THead"] == names["/TBody"] == 7, "5 of the summary, 1 for each member"
    assert names["/Title"] == 1
    assert set(scopes) == {"/Column"}
    assert len(scopes) == 2 + 5 + 5 + 7 + 2 + 2 * len(layout.USAGE_COLUMNS)


def scope_of(element: pikepdf.Object) -> str:
    attributes = element.A if isinstance(element.A, pikepdf.Array) else [element.A]
    return next(str(each.Scope) for each in attributes if "/Scope" in each)


def test_every_page_shows_number_and_digest_and_repeats_the_heading_of_its_table(
    firms_json: bytes, firms_pdf: bytes
) -> None:
    with opened(firms_pdf) as document:
        pages = [text_of(page) for page in document.pages]

    assert len(pages) >= 4
    for number, text in enumerate(pages, start=1):
        assert f"Invoice1042,SHA-256ofitsdata{digest_of(firms_json)}" in text
        assert f"Page{number}of{len(pages)}" in text
    columns = "".join(layout.USAGE_COLUMNS).replace(" ", "")
    assert all(columns in text for text in pages[2:])


def test_all_fonts_are_inside(firms_pdf: bytes) -> None:
    with opened(firms_pdf) as document:
        fonts = [font for page in document.pages for font in page.Resources.Font.values()]
        descriptors = [font.DescendantFonts[0].FontDescriptor for font in fonts]

        assert descriptors
        assert all("/FontFile2" in each or "/FontFile3" in each for each in descriptors)


def test_the_pdf_has_every_figure_of_the_json(firms_json: bytes, firms_pdf: bytes) -> None:
    statement = read_statement(firms_json)
    text = whole_text(firms_pdf)

    for line in statement.lines:
        amounts = (line.gross_cents, line.exempt_cents, line.charged_cents)
        pages = "" if line.billed_pages is None else str(line.billed_pages)
        row = pages + "".join(dollars(Cents(cents)) for cents in amounts) + line.usage_id
        assert row in text, line.usage_id
    for subtotal in statement.subtotals:
        amounts = (subtotal.gross_cents, subtotal.exempt_cents, subtotal.charged_cents)
        assert f"{subtotal.line_count}" + "".join(dollars(Cents(cents)) for cents in amounts) in text
    totals = statement.totals
    assert totals.carried_cents == -50
    for label, cents in {
        "Balanceofthelaststatement": totals.carried_cents,
        "Adjustmentsandpaymentssince": totals.adjustments_cents,
        "Newfeespaidfromacredit": totals.credited_cents,
        "Newfeestobepaid": totals.newly_due_cents,
        "Amountdue": totals.due_cents,
    }.items():
        assert label + dollars(Cents(cents)) in text
    assert "printedtwice-$1.20" in text
    assert "priorperiod2025-Q4" in text
    assert "waiversubjectpayer" in text


def test_the_same_json_gives_the_same_bytes_in_another_process(firms_json: bytes, firms_pdf: bytes) -> None:
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        elsewhere = pool.submit(render_pdf, firms_json).result(timeout=60)

    assert elsewhere == firms_pdf
    assert render_pdf(firms_json) == firms_pdf


def test_the_timestamp_is_the_instant_of_issue(firms_pdf: bytes) -> None:
    with opened(firms_pdf) as document:
        assert str(document.docinfo.CreationDate) == ISSUED.strftime("D:%Y%m%d%H%M%SZ")


@pytest.mark.parametrize(
    "text",
    [
        "#panic()",
        "#{panic()}",
        "$ x^2 $",
        "*bold*_emph_`raw`",
        '] #read("/etc/passwd") [',
        "= Heading",
        "\\#\\*",
        "// comment /* x */",
        "<label> @label",
        "-- --- ... ~",
        "\"quoted\" 'single'",
        "#sys.inputs",
    ],
)
def test_markup_in_a_text_stands_in_the_pdf_as_it_was_written(text: str) -> None:
    canonical = issued(a_settled_quarter([a_line(1, description=text, client_code=text)]))

    shown = whole_text(render_pdf(canonical))

    assert shown.count("".join(text.split())) == 3, "client code in the line and its subtotal; description"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Peña v. Łukasiewicz", "Peñav.Łukasiewicz"),
        ("Дело", "Дело"),
        ("中文", "[U+4E2D][U+6587]"),
        ("\N{GRINNING FACE}", "[U+1F600]"),
        ("a\x07b\x1bc\x7f", "a[U+0007]b[U+001B]c[U+007F]"),
        ("a\u202ecba\u202c", "a[U+202E]cba[U+202C]"),
        ("\u200bhidden\u2028", "[U+200B]hidden[U+2028]"),
        ("two\r\nlines\tand a tab", "twolinesandatab"),
        ("\u0594\u23f4\u035f", "[U+0594][U+23F4][U+035F]"),
    ],
)
def test_a_character_that_no_font_shows_is_shown_by_its_code(text: str, shown: str) -> None:
    canonical = issued(a_settled_quarter([a_line(1, description=text)]))

    assert f"Document:{shown}" in whole_text(render_pdf(canonical))


def test_right_to_left_text_stays_in_its_cell() -> None:
    canonical = issued(a_settled_quarter([a_line(1, description="אבג 123 العربية", page_count=7)]))

    text = whole_text(render_pdf(canonical))

    assert "7$0.70$0.00$0.70use-1" in text
    assert {"א", "ב", "ג"} <= set(text)


def test_every_assigned_character_of_the_covered_ranges_can_be_printed() -> None:
    everything = [chr(code) for first, last in COVERED for code in range(first, last + 1)]
    covered = [character for character in everything if "[U+" not in printable(character)]
    descriptions = [" ".join(covered[at : at + 50]) for at in range(0, len(covered), 50)]
    canonical = issued(
        a_settled_quarter([a_line(number, description=text) for number, text in enumerate(descriptions)])
    )

    text = whole_text(render_pdf(canonical))

    assert len(covered) > 2500
    assert "[U+" not in text


@settings(max_examples=25, deadline=None)
@given(text=st.text(max_size=80))
def test_no_text_at_all_keeps_a_statement_from_being_printed(text: str) -> None:
    canonical = issued(a_settled_quarter([a_line(1, description=text, client_code=text or None)]))

    assert render_pdf(canonical).startswith(b"%PDF-")


def test_a_statement_of_very_many_lines_prints_its_sums_and_says_where_the_lines_are() -> None:
    count = layout.ITEMISED_LINES_LIMIT + 1
    canonical = issued(a_settled_quarter([a_line(number, page_count=1) for number in range(count)]))

    text = whole_text(render_pdf(canonical))

    assert f"Thisformshowsthesumsof{count}linesofusage;theCSVandJSONformsitemiseeachofthem." in text
    assert f"ncwbkall{count}$400.10$0.00$400.10" in text
    assert "use-1" not in text
