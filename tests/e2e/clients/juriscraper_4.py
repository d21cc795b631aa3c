"""Log in and out with juriscraper on `httpx`; arguments: address, user name, password."""

import asyncio
import json
import sys

import httpx
from juriscraper.lib.exceptions import PacerLoginException
from juriscraper.pacer.http import PacerSession

address, user_name, password = sys.argv[1:]


async def main() -> None:
    async with PacerSession(username=user_name, password=password) as session:
        try:
            await session.login(url=f"{address}/services/cso-auth")
        except PacerLoginException as error:
            print(json.dumps({"token": "", "said": str(error)}))
            return
        token = next(cookie.value for cookie in session.cookies.jar if cookie.name == "NextGenCSO")
    async with httpx.AsyncClient() as plain:
        ended = await plain.post(f"{address}/services/cso-logout", json={"nextGenCSO": token})
    print(json.dumps({"token": token, "said": ended.json()["loginResult"]}))


asyncio.run(main())
