"""Run the service `accounts`."""

from services.accounts.service import SERVICE
from services.accounts.settings import Settings, open_resources
from shared.runtime import run

if __name__ == "__main__":
    run(SERVICE, Settings, open_resources)
