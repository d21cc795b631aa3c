"""The few requests to a Docker engine on this machine that keep two containers running."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from deploy.local.progress import LocalServerError, say

USUAL_SOCKET = Path("/var/run/docker.sock")
PING_SECONDS = 3
REQUEST_SECONDS = 90
PULL_SECONDS = 900
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What one server needs of a container; the port is published on the loopback address only."""

    name: str
    image: str
    environment: dict[str, str]
    command: list[str]
    ports: dict[int, int]
    data_folder: str

    def as_request(self) -> dict[str, object]:
        published = {
            f"{inside}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(outside)}]
            for inside, outside in self.ports.items()
        }
        return {
            "Image": self.image,
            "Hostname": "nextgen",  # RabbitMQ names its database by its host
            "Env": [f"{name}={value}" for name, value in self.environment.items()],
            "Cmd": self.command,
            "Tty": True,  # its log then comes as plain text
            "ExposedPorts": {port: {} for port in published},
            "HostConfig": {"PortBindings": published, "Binds": [f"{self.name}:{self.data_folder}"]},
        }


class Engine:
    """A Docker engine that has answered."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ensure_image(self, image: str) -> None:
        if self._client.get(f"/images/{image}/json").status_code == httpx.codes.OK:
            return
        say(f"pulling the image {image} ...")
        name, _, tag = image.partition(":")
        pulled = self._client.post(
            "/images/create", params={"fromImage": name, "tag": tag}, timeout=PULL_SECONDS
        )
        # The answer starts before the outcome is known: a failure stands in its last line.
        lines = [json.loads(line) for line in pulled.text.splitlines() if line.strip()]
        problem = next((line["error"] for line in lines if "error" in line), None)
        if problem or pulled.is_error:
            raise LocalServerError(f"Docker can't pull {image}: {problem or pulled.text.strip()}")

    def ensure_running(self, container: Container) -> None:
        """Start a container, made if need be; one whose port is taken by now is made anew around its data."""
        is_made = self._client.get(f"/containers/{container.name}/json").status_code == httpx.codes.OK
        if is_made and self._start(container.name).is_success:
            return
        self._client.delete(f"/containers/{container.name}", params={"force": "true"})
        self.ensure_image(container.image)
        made = self._client.post(
            "/containers/create", params={"name": container.name}, json=container.as_request()
        )
        started = made if made.is_error else self._start(container.name)
        if started.is_error:
            raise LocalServerError(f"Docker can't start {container.name}: {started.text.strip()}")

    def _start(self, name: str) -> httpx.Response:
        answer = self._client.post(f"/containers/{name}/start")
        return httpx.Response(204) if answer.status_code == httpx.codes.NOT_MODIFIED else answer

    def is_running(self, name: str) -> bool:
        answer = self._client.get(f"/containers/{name}/json")
        return answer.is_success and bool(answer.json()["State"]["Running"])

    def log_of(self, name: str) -> str:
        options = {"stdout": "true", "stderr": "true", "tail": "50"}
        return self._client.get(f"/containers/{name}/logs", params=options).text

    def stop(self, name: str) -> None:
        self._client.post(f"/containers/{name}/stop", params={"t": "30"})

    def remove(self, name: str) -> None:
        """Remove a container with its data."""
        self._client.delete(f"/containers/{name}", params={"force": "true"})
        self._client.delete(f"/volumes/{name}")


def find_engine(environment: Mapping[str, str]) -> Engine | None:
    """The engine on this machine that answers, if there is one."""
    client = _client(environment.get("DOCKER_HOST", ""))
    if client is None:
        return None
    try:
        answers = client.get("/_ping", timeout=PING_SECONDS).is_success
    except httpx.HTTPError:
        answers = False
    return Engine(client) if answers else None


def _client(docker_host: str) -> httpx.Client | None:
    address = urlsplit(docker_host or f"unix://{USUAL_SOCKET}")
    if address.scheme == "unix":
        if not Path(address.path).exists():
            return None
        transport = httpx.HTTPTransport(uds=address.path)
        return httpx.Client(transport=transport, base_url="http://engine", timeout=REQUEST_SECONDS)
    if address.scheme == "tcp" and address.hostname in LOOPBACK:
        return httpx.Client(base_url=f"http://{address.netloc}", timeout=REQUEST_SECONDS, trust_env=False)
    say(f"the Docker engine at {docker_host} is not on this machine, so it is not used")
    return None
