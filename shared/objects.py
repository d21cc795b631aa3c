"""The object store: files that are written once, under a key made of their content, and read again."""

import hashlib

import obstore
from obstore.store import ObjectStore as Objects
from obstore.store import from_url

__all__ = [
    "Objects",
    "delete_folder",
    "get_object",
    "key_for",
    "objects_in_memory",
    "open_objects",
    "put_object",
]


def open_objects(url: str) -> Objects:
    """The store at `memory:///`, `file:///folder` (made if missing) or `s3://bucket/prefix`."""
    return from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)


def objects_in_memory() -> Objects:
    """A store that lives as long as this process."""
    return open_objects("memory:///")


def key_for(folder: str, content: bytes, ending: str) -> str:
    """Where content lies: equal content has one key, so that writing it twice does no harm."""
    return f"{folder}/{hashlib.sha256(content).hexdigest()}.{ending}"


async def put_object(objects: Objects, key: str, content: bytes) -> None:
    """Write an object whole; a reader sees all of it or nothing."""
    await obstore.put_async(objects, key, content)


async def get_object(objects: Objects, key: str) -> bytes:
    """All of an object; FileNotFoundError if there is none."""
    found = await obstore.get_async(objects, key)
    return bytes(await found.bytes_async())


async def delete_folder(objects: Objects, folder: str) -> None:
    """Remove every object below a folder; done again, it finds none."""
    async for found in obstore.list(objects, prefix=folder):
        await obstore.delete_async(objects, [each["path"] for each in found])
