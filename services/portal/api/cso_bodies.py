"""Bodies of the PACER Authentication API: JSON objects of strings, or XML whose root is `CsoAuth`."""

from collections.abc import Mapping
from typing import TypeVar
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from defusedxml.ElementTree import ParseError, fromstring

from services.portal.web.problems import Problem

T = TypeVar("T", bound=msgspec.Struct)
Said = Mapping[str, str]
JSON, XML, TEXT_XML = "application/json", "application/xml", "text/xml"
FORMS = (JSON, XML, TEXT_XML)
"""In the order of preference, for whoever accepts anything."""
ROOT = "CsoAuth"


def read_body(body: bytes, content_type: str, kind: type[T]) -> T:
    """What a client says. Raises Problem for a body that isn't of its type, or is of neither."""
    form = content_type.partition(";")[0].strip().lower()
    if form not in FORMS:
        raise Problem(
            415, "wrong_type", "Neither JSON nor XML", f"Send {JSON} or {XML}.", field="Content-Type"
        )
    try:
        return msgspec.json.decode(body, type=kind) if form == JSON else _read_xml(body, kind)
    # ValueError and LookupError come of XML: of what is forbidden in it, and of encodings that nobody knows.
    except (msgspec.DecodeError, ParseError, ValueError, LookupError, RecursionError) as error:
        where = str(error) if isinstance(error, msgspec.ValidationError) else f"the body is no {form}"
        raise Problem(400, "unreadable", "Not understood", where) from None


def write_body(keys: Said, form: str) -> bytes:
    """All keys, in their order."""
    if form == JSON:
        return msgspec.json.encode(keys)
    root = Element(ROOT)
    for name, text in keys.items():
        SubElement(root, name).text = text
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _read_xml(body: bytes, kind: type[T]) -> T:
    root = fromstring(body, forbid_dtd=True)
    if root.tag != ROOT:
        raise Problem(400, "unreadable", "Not understood", f"the root of the body is not {ROOT}")
    return msgspec.convert({child.tag: child.text or "" for child in root}, kind)
