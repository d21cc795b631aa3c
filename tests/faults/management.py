"""The broker's management API, as an administrator asks it in a fault test."""

from urllib.parse import urlsplit

import httpx

from tests.faults.scene import Scene


def management(scene: Scene) -> httpx.Client:
    """A client below `/api`."""
    admin = urlsplit(scene.installation.servers.broker_admin_url)
    base = f"{admin.scheme}://{admin.hostname}:{admin.port}/api"
    return httpx.Client(base_url=base, auth=(admin.username or "", admin.password or ""), trust_env=False)
