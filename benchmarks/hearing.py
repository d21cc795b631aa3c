"""Runs the service that hears of notes."""

from benchmarks.notes import HEARING, run_service

if __name__ == "__main__":
    run_service(HEARING)
