"""Content headers that can't be read: taken as empty, so that one message is parked and the others go on.

The client library ends the connection over a property that isn't UTF-8 or a time beyond all calendars. The
message would come again on the next connection and end that one too, so one sender could stop a service.
"""

import struct

from pamqp.commands import Basic
from pamqp.header import ContentHeader

_UNREADABLE = (ValueError, TypeError, ArithmeticError, LookupError, RecursionError, OSError, struct.error)
_read = ContentHeader.unmarshal


def read_all_content_headers() -> None:
    """From now on, a header that can't be read has the right length of body and no properties."""
    ContentHeader.unmarshal = _read_or_empty  # type: ignore[method-assign, assignment]


def _read_or_empty(header: ContentHeader, data: bytes) -> None:
    try:
        _read(header, data)
    except _UNREADABLE:
        header.class_id, header.weight, header.body_size = struct.unpack(">HHQ", data[:12])
        header.properties = Basic.Properties()
