"""Log in and out with pacersdk; arguments: address, user name, password."""

import json
import sys

from pacersdk.auth import Authenticator

address, user_name, password = sys.argv[1:]
client = Authenticator(user_name, password, {"authenticationurl": address}, redaction=True)
token = client.get_token()
client.logout()
print(json.dumps({"token": token, "said": "0" if token and client.token is None else "13"}))
