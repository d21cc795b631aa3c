"""What a sample body of linking codes, filing requests, attempts and conflicts says in each field."""

from typing import Any

OF_LINKING: dict[str, Any] = {
    "AskFilingPrivileges.remark": "Admitted to this court's bar in January.",
    "ConflictSeen.claimant": {
        "account_id": "018d65d5-ddb2-746d-a45b-13d7e42f9db9",
        "account_number": "5520943",
        "first_name": "Adam",
        "last_name": "Whitfield",
    },
    "ConflictSeen.name": "Ada Whitfield",
    "FilingRequestDecided.reason": "",
    "FilingRequestNotMade.reason": "already_asked",
    "FilingRequestKept.reason": "login_taken",
    "FilingRequestSeen.remark": "Admitted to this court's bar in January.",
    "LinkAttempt.meaning": "The CM/ECF login and password didn't fit.",
    "LinkAttempt.next_step": "Make a linking code for the filing account.",
    "LinkAttempt.outcome": "login_or_password_wrong",
    "LinkAttemptsShown.filing_account_id": None,
    "LinkOfFilingAccount.remark": "The filing account was meant for another attorney.",
    "LinkOfFilingAccount.unlinked_by": "court",
    "IssueLinkingCode.way": "mailed",
    "LinkingCodeIssued.issued_at": "2024-02-01T18:02:11.250000Z",
    "LinkingCodeIssued.way": "mailed",
    "LinkingCodeMade.way": "mailed",
    "LinkingCodeIssued.expires_at": "2024-02-08T18:02:11.250000Z",
    "LinkingCodeMade.code": None,
    "LinkingCodeMade.expires_at": "2024-02-08T18:02:11.250000Z",
    "MyFilingRequest.reason": "Not admitted to this court's bar.",
    "MyFilingRequest.remark": "Admitted to this court's bar in January.",
    "MyFilingRequest.state": "refused",
    "MyLink.name": "Ada Whitfield",
    "MyLink.remark": "The filing account was meant for another attorney.",
    "MyLink.unlinked_by": "court",
    "RefuseFilingRequest.reason": "Not admitted to this court's bar.",
    "SettleConflict.remark": "The claimant showed the bar card.",
}
"""By type and field, where the name alone doesn't tell."""
