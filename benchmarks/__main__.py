"""Run all benchmarks, one after the other: `python -m benchmarks`."""

from benchmarks import (
    edge,
    relay,
    request_reply,
    roster,
    sign_in,
    single_messages,
    usage_intake,
    what_may_i_file,
)
from benchmarks.report import run_once

BENCHMARKS = (
    request_reply.measure,
    single_messages.measure,
    relay.measure,
    usage_intake.measure,
    sign_in.measure,
    what_may_i_file.measure,
    roster.measure,
    edge.measure,
)


def main() -> None:
    for measure in BENCHMARKS:
        print(*run_once(measure).lines(), "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
