"""Run the service: `python -m services.notify`."""

from services.notify.service import SERVICE
from services.notify.settings import Settings, open_resources
from shared.runtime import run

if __name__ == "__main__":
    run(SERVICE, Settings, open_resources)
