"""Run the web edge."""

from services.portal.serving import run

if __name__ == "__main__":
    run()
