"""The order, subtotals and totals of a statement: made when drafting, made anew when verifying."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from services.paa_billing.model import PayerKind
from services.paa_billing.statements.document import Line, Subtotal, SubtotalLevel, Totals


class SubtotalKey(NamedTuple):
    """Which lines a subtotal sums."""

    level: SubtotalLevel
    account_number: str | None
    court_id: str | None
    client_code: str | None


def in_order(lines: Iterable[Line], payer_kind: PayerKind) -> tuple[Line, ...]:
    """On a firm's statement by member first; then by court, client code and time. No two lines are equal."""

    def place(line: Line) -> tuple[str, ...]:
        member = line.account_number if payer_kind == "paa" else ""
        used_at = line.used_at.isoformat(timespec="microseconds")
        return (member, line.court_id, line.client_code or "", used_at, line.usage_id)

    return tuple(sorted(lines, key=place))


def subtotals_of(lines: Iterable[Line], payer_kind: PayerKind) -> tuple[Subtotal, ...]:
    """By member (for a firm), then court, then client code, each before its parts; takes lines in order."""
    groups: dict[SubtotalKey, list[Line]] = {}
    for line in lines:
        for key in _keys_of(line, payer_kind):
            groups.setdefault(key, []).append(line)
    return tuple(_subtotal(key, group) for key, group in groups.items())


def totals_of(
    lines: Sequence[Line], *, waived_cents: int, carried_cents: int, adjustments_cents: int
) -> Totals:
    """All sums of a statement, from its lines, its waiver, the last balance and what changed it since."""
    gross_cents = sum(line.gross_cents for line in lines)
    exempt_cents = sum(line.exempt_cents for line in lines)
    billed_cents = gross_cents - exempt_cents - waived_cents
    balance_before_cents = carried_cents + adjustments_cents
    credited_cents = min(billed_cents, max(-balance_before_cents, 0))
    balance_cents = balance_before_cents + billed_cents
    return Totals(
        line_count=len(lines),
        gross_cents=gross_cents,
        exempt_cents=exempt_cents,
        charged_cents=gross_cents - exempt_cents,
        waived_cents=waived_cents,
        billed_cents=billed_cents,
        carried_cents=carried_cents,
        adjustments_cents=adjustments_cents,
        credited_cents=credited_cents,
        newly_due_cents=billed_cents - credited_cents,
        balance_cents=balance_cents,
        due_cents=max(balance_cents, 0),
        credit_cents=max(-balance_cents, 0),
    )


def _keys_of(line: Line, payer_kind: PayerKind) -> Iterator[SubtotalKey]:
    member = line.account_number if payer_kind == "paa" else None
    if member is not None:
        yield SubtotalKey("member", member, None, None)
    yield SubtotalKey("court", member, line.court_id, None)
    yield SubtotalKey("client_code", member, line.court_id, line.client_code)


def _subtotal(key: SubtotalKey, lines: list[Line]) -> Subtotal:
    return Subtotal(
        level=key.level,
        account_number=key.account_number,
        court_id=key.court_id,
        client_code=key.client_code,
        line_count=len(lines),
        gross_cents=sum(line.gross_cents for line in lines),
        exempt_cents=sum(line.exempt_cents for line in lines),
        charged_cents=sum(line.charged_cents for line in lines),
    )
