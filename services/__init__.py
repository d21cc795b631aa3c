"""The services: accounts, linking, paa_billing and notify; none imports another."""
