"""A Docker engine on this machine, and containers in it that outlive the command that made them."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container as Made

from deploy.local.containers import Container
from deploy.local.progress import LocalServerError, say

ANSWER_SECONDS = 3
REQUEST_SECONDS = 90
STOP_SECONDS = 30
LOG_LINES = 50
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Engine:
    """A Docker engine that has answered; if it stops answering, calls raise an OSError."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    def ensure_image(self, image: str) -> None:
        """Pull an image unless it is there. Raises LocalServerError when it can't be had."""
        try:
            self._client.images.get(image)
        except NotFound:
            say(f"pulling the image {image} ...")
        else:
            return
        try:
            # The answer starts before the outcome is known: a failure then stands in one of its lines.
            lines = self._client.api.pull(image, stream=True, decode=True)
            problem = next((line["error"] for line in lines if "error" in line), None)
        except APIError as error:
            problem = error
        if problem is not None:
            raise LocalServerError(f"Docker can't pull {image}: {problem}")

    def ensure_running(self, name: str, container: Container, ports: Mapping[int, int]) -> None:
        """Start a container, made if need be; one whose port is taken by now is made anew around its data.

        `ports` says for each port inside which one on the loopback address leads there. Its data is in a
        volume of the container's name.
        """
        made = self._find(name)
        if made is not None:
            try:
                made.start()
            except APIError:
                made.remove(force=True)
            else:
                return
        self.ensure_image(container.image)
        try:
            self._client.containers.run(
                container.image,
                container.command,
                name=name,
                hostname=container.hostname,
                environment=container.environment,
                ports={f"{inside}/tcp": ("127.0.0.1", outside) for inside, outside in ports.items()},
                volumes={name: {"bind": container.data_folder, "mode": "rw"}},
                detach=True,
            )
        except APIError as error:
            raise LocalServerError(f"Docker can't start {name}: {error}") from error

    def is_running(self, name: str) -> bool:
        made = self._find(name)
        return made is not None and made.status == "running"

    def log_of(self, name: str) -> str:
        """The end of what a container wrote; empty if there is none."""
        made = self._find(name)
        return "" if made is None else made.logs(tail=LOG_LINES).decode(errors="replace")

    def stop(self, name: str) -> None:
        made = self._find(name)
        if made is not None:
            made.stop(timeout=STOP_SECONDS)

    def _find(self, name: str) -> Made | None:
        try:
            return self._client.containers.get(name)
        except NotFound:
            return None


def find_engine(environment: Mapping[str, str]) -> Engine | None:
    """The engine of `DOCKER_HOST`, or else of the usual socket, if it is on this machine and answers."""
    address = environment.get("DOCKER_HOST", "")
    if address and not _is_on_this_machine(address):
        say(f"the Docker engine at {address} is not on this machine, so it is not used")
        return None
    try:
        # A client asks for the engine's version when it is made: an engine that is silent is found out soon.
        docker.from_env(timeout=ANSWER_SECONDS, environment=environment).close()
        return Engine(docker.from_env(timeout=REQUEST_SECONDS, environment=environment))
    except DockerException:
        return None


def _is_on_this_machine(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "unix" or (parts.scheme == "tcp" and parts.hostname in LOOPBACK)
