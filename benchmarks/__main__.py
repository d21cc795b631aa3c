"""Run all benchmarks, one after the other: `python -m benchmarks`."""

from benchmarks import relay, request_reply
from benchmarks.report import run_once

BENCHMARKS = (request_reply.measure, relay.measure)


def main() -> None:
    for measure in BENCHMARKS:
        print(*run_once(measure).lines(), "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
