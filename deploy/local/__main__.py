"""Start, stop or show the servers of this checkout: `python -m deploy.local servers|stop|status`."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from deploy.local import servers
from deploy.local.progress import LocalServerError


def find(action: str, folder: Path, *, is_fast: bool) -> servers.Servers | None:
    return servers.resolve(folder, is_fast=is_fast) if action == "servers" else servers.status(folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("action", choices=("servers", "stop", "status"))
    parser.add_argument("--folder", type=Path, default=servers.DEFAULT_FOLDER)
    parser.add_argument("--fast", action="store_true", help="don't wait for the disk: for tests")
    parser.add_argument("--json", action="store_true", help="print the addresses, with their logins")
    arguments = parser.parse_args()
    arguments.folder = arguments.folder.resolve()  # servers start in a folder of their own
    try:
        if arguments.action == "stop":
            servers.stop(arguments.folder)
            return 0
        found = find(arguments.action, arguments.folder, is_fast=arguments.fast)
    except (LocalServerError, OSError) as error:
        print(f"[servers] {error}", file=sys.stderr)
        return 1
    if found is None:
        print("[servers] not running", file=sys.stderr)
        return 1
    if arguments.action == "status":
        print(f"[servers] running ({found.origin})", file=sys.stderr)
    if arguments.json:
        print(json.dumps(asdict(found), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
