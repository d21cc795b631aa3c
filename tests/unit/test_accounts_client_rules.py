"""What a program is told once it has proved who it is for."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.rules import clients
from services.accounts.rules.registration import blank_account
from shared.messages.accounts import SignInRefused

NOW = datetime(2024, 2, 1, 18, 0, tzinfo=UTC)
LEGACY = blank_account(account_id=uuid4(), kind="individual", user_name="ab1234", now=NOW)
UPGRADED = replace(LEGACY, generation="upgraded", is_search_active=True)


HELD = replace(UPGRADED, status="held_for_review", is_search_active=False)


def an_entrant(**changes: Any) -> clients.Entrant:
    usual = {
        "account": UPGRADED,
        "is_filer": False,
        "is_restricted": False,
        "is_code_required": False,
        "client_code": "",
        "redact_flag": "",
    }
    return clients.Entrant(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "login_result"),
    [
        ({}, None),
        ({"is_filer": True}, "1"),
        ({"is_filer": True, "redact_flag": "1"}, None),
        ({"is_filer": True, "redact_flag": " 1"}, "1"),
    ],
)
def test_who_gets_no_token_is_told_by_code(changes: dict[str, Any], login_result: str | None) -> None:
    refused = clients.refuse_client(an_entrant(**changes))

    assert not isinstance(refused, SignInRefused)
    assert (refused and refused.login_result) == login_result
    assert refused is None or refused.token is None


@pytest.mark.parametrize("is_filer", [False, True])
def test_what_would_serve_only_to_put_something_right_is_refused_as_a_wrong_password(is_filer: bool) -> None:
    assert clients.refuse_client(an_entrant(is_restricted=True, is_filer=is_filer)) == SignInRefused()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, ""),
        ({"is_code_required": True, "client_code": "x"}, ""),
        ({"client_code": "x"}, ""),
        ({"is_code_required": True}, clients.CODE_MISSING),
        ({"account": replace(UPGRADED, is_search_active=False)}, clients.SEARCH_INACTIVE),
        (
            {"account": replace(UPGRADED, is_search_active=False), "is_code_required": True},
            f"{clients.SEARCH_INACTIVE} {clients.CODE_MISSING}",
        ),
        ({"account": LEGACY, "is_code_required": True}, clients.UPGRADE_FIRST),
        ({"account": replace(LEGACY, kind="paa")}, clients.UPGRADE_FIRST),
        ({"account": replace(UPGRADED, kind="paa", is_search_active=False)}, clients.OF_A_FIRM),
        ({"account": HELD, "is_code_required": True}, clients.HELD),
    ],
)
def test_a_warning_names_all_that_the_token_does_not_serve(changes: dict[str, Any], text: str) -> None:
    assert clients.warning(an_entrant(**changes)) == text
