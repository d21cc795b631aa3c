"""Log in and out with juriscraper on `requests`; arguments: address, user name, password."""

import json
import sys

from juriscraper.lib.exceptions import PacerLoginException
from juriscraper.pacer.http import PacerSession

address, user_name, password = sys.argv[1:]
session = PacerSession(username=user_name, password=password)
try:
    session.login(url=f"{address}/services/cso-auth")
except PacerLoginException as error:
    print(json.dumps({"token": "", "said": str(error)}))
else:
    token = session.cookies.get("NextGenCSO")
    ended = session.post(f"{address}/services/cso-logout", json={"nextGenCSO": token}, auto_login=False)
    print(json.dumps({"token": token, "said": ended.json()["loginResult"]}))
