"""What a browser keeps for us, and the token in each form that is made of it."""

import hmac

from litestar.datastructures import Cookie

SESSION = "__Host-session"
"""The session's token, as `accounts` gave it at the sign-in."""
VISITOR = "__Host-visitor"
"""A random text before the sign-in, so that forms have something to be made of."""
NOTICE = "__Host-notice"
"""What the next page says of what was just done; forgotten once it is said."""
NOTICE_SECONDS = 60


def keep(name: str, value: str, seconds: int | None = None) -> Cookie:
    """A cookie for this host alone, over TLS, that no script reads; it ends with the browser unless timed."""
    return Cookie(
        key=name, value=value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax"
    )


def forget(name: str) -> Cookie:
    """The same cookie, over."""
    return keep(name, "", 0)


def form_token(cookie: str) -> str:
    """What each form carries: a page of another site can't know it, and it doesn't tell the cookie."""
    return hmac.digest(cookie.encode(), b"a form of this browser's", "sha256").hex()
