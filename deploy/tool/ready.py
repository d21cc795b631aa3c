"""Ask the service of this container whether it takes work; `python -m deploy.tool.ready` exits 0 if so."""

import http.client
import os
import sys
from collections.abc import Mapping

ANSWER_SECONDS = 4


def health_port(environment: Mapping[str, str]) -> int | None:
    """The port of the one service that this environment is for; none if it is for none or for several."""
    ports = {
        value
        for name, value in environment.items()
        if name.startswith("NEXTGEN_") and name.endswith("_HEALTH_PORT")
    }
    return int(ports.pop()) if len(ports) == 1 else None


def is_ready(port: int) -> bool:
    """Does the service answer, and say that it is ready?"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Exit code 0 for ready, 1 for anything else, which is what a HEALTHCHECK knows."""
    port = health_port(os.environ)
    if port is None:
        print("no NEXTGEN_<SERVICE>_HEALTH_PORT is set", file=sys.stderr)
        return 1
    return 0 if is_ready(port) else 1


if __name__ == "__main__":
    sys.exit(main())
