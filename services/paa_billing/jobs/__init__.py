"""The work of a close outside of messages: settling, sealing and issuing in chunks, then making files."""

from services.paa_billing.jobs.closing import close_next_chunk
from services.paa_billing.jobs.exporting import make_export_part
from services.paa_billing.jobs.files import make_next_files

__all__ = ["close_next_chunk", "make_export_part", "make_next_files"]
