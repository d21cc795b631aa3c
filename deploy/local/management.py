"""One question to RabbitMQ's management API, which also proves that the login is the broker's."""

import base64
import http
import http.client
from urllib.parse import unquote, urlsplit

ANSWER_SECONDS = 5


def is_listening(admin_url: str, broker_port: int) -> bool:
    """Whether the node behind the API accepts broker connections on a port of its own."""
    return _status_of(admin_url, f"/api/health/checks/port-listener/{broker_port}") == http.HTTPStatus.OK


def _status_of(admin_url: str, path: str) -> int:
    parts = urlsplit(admin_url)
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
