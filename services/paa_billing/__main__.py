"""Runs billing."""

from services.paa_billing.service import SERVICE
from services.paa_billing.settings import Settings, open_resources
from shared.runtime import run

if __name__ == "__main__":
    run(SERVICE, Settings, open_resources)
