"""Run the service `linking`."""

from services.linking.service import SERVICE
from services.linking.settings import Settings, open_resources
from shared.runtime import run

if __name__ == "__main__":
    run(SERVICE, Settings, open_resources)
