"""The tool that prices a file of receipts anew."""

from pathlib import Path

import pytest

from deploy.tool.price_receipts import COLUMNS, price_receipts
from services.paa_billing import data


def run(path: Path) -> tuple[int, list[str]]:
    said: list[str] = []
    return price_receipts(path, said.append), said


def a_file(folder: Path, *rows: str) -> Path:
    path = folder / "some.csv"
    path.write_text("\n".join((",".join(COLUMNS), *rows)) + "\n")
    return path


RIGHT = "a1,canb,2010-02-16T06:41:38,Docket Report,2,0.16"


def test_all_325_real_receipts_price_to_the_cent() -> None:
    assert run(data.RECEIPTS) == (0, ["325 of 325 receipts agree"])


def test_the_first_that_does_not_agree_is_named_and_the_rest_still_counted(tmp_path: Path) -> None:
    path = a_file(tmp_path, RIGHT, RIGHT.replace("0.16", "0.20"), RIGHT.replace("0.16", "0.30"), RIGHT)

    status, said = run(path)

    assert status == 1
    assert said == [
        "some.csv line 3, field cost: expected 0.16, found 0.20",
        "2 of 4 receipts agree",
    ]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (RIGHT.replace("canb", "zzzz"), "court"),
        (RIGHT.replace("Docket Report", "Docket"), "description"),
        (RIGHT.replace("Docket Report", "Case Summary (full)"), "description"),
        (RIGHT.replace("T06", " 06"), "charged_at"),
        (RIGHT.replace("2010-02-16", "2010-02-30"), "charged_at"),
        (RIGHT.replace("2010-02-16", "2010-2-16"), "charged_at"),
        (RIGHT.replace("2010-02-16", "2001-02-16"), "charged_at"),
        (RIGHT.replace(",2,", ",two,"), "billable_pages"),
        (RIGHT.replace(",2,", ",-2,"), "billable_pages"),
        (RIGHT.replace(",2,", ",0,"), "billable_pages"),
        (RIGHT.replace("0.16", "0.1"), "cost"),
        (RIGHT.replace("0.16", "$0.16"), "cost"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_line_and_field(tmp_path: Path, row: str, field: str) -> None:
    status, said = run(a_file(tmp_path, RIGHT, row))

    assert status == 2
    assert len(said) == 1
    assert said[0].startswith(f"stopped: some.csv line 3, field {field}: ")


def test_bytes_that_are_not_utf_8_are_named_by_line_and_field(tmp_path: Path) -> None:
    path = a_file(tmp_path, RIGHT)
    path.write_bytes(path.read_bytes() + RIGHT.encode().replace(b"canb", b"can\xff") + b"\n")

    assert run(path) == (2, ["stopped: some.csv line 3, field court: the bytes are not UTF-8"])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1"),
        ("receipt_id,court\n", "line 1"),
        (f"{','.join(COLUMNS)}\n{RIGHT},more\n", "line 2"),
        (f'{",".join(COLUMNS)}\n{RIGHT}\n"a"b\n', "line 3"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_line(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text)

    status, said = run(path)

    assert status == 2
    assert f"other.csv {place}" in said[0]


def test_a_file_that_is_not_there_is_an_error_and_not_an_agreement(tmp_path: Path) -> None:
    status, said = run(tmp_path / "nothing.csv")

    assert status == 2
    assert said[0].startswith("stopped: ")
    assert said[0].count("agree") == 0


def test_a_quoted_row_over_two_lines_is_named_by_the_line_it_begins_on(tmp_path: Path) -> None:
    path = a_file(tmp_path, RIGHT, '"a\n2"' + RIGHT.removeprefix("a1"), RIGHT.replace("canb", "zzzz"))

    assert run(path)[1][0].startswith("stopped: some.csv line 5, field court")
