"""What PSC staff do with somebody's account: review, unlock, search privilege, deactivate, check a caller."""

from datetime import timedelta

from services.accounts.handlers.casework import Case, open_case, record, refuse
from services.accounts.handlers.ending import end_account
from services.accounts.rules import guards
from services.accounts.rules import staff as rules
from services.accounts.store import credentials, history, saving, tokens
from services.accounts.store.saving import Work
from shared.messages.accounts.staff import (
    AccountDeactivatedByStaff,
    AccountReviewed,
    AccountUnlockedByStaff,
    AddressCorrectionRefused,
    CallerChecked,
    CheckCaller,
    CorrectUnprovedAddress,
    DeactivateByStaff,
    ReviewAccount,
    SearchPrivilegeSet,
    SetSearchPrivilege,
    StaffActRefused,
    UnlockByStaff,
    UnprovedAddressCorrected,
)
from shared.messages.base import NotAllowed

_WRONG_DATE = "caller_gave_wrong_date"


async def review_account(
    command: ReviewAccount, work: Work
) -> AccountReviewed | StaffActRefused | NotAllowed:
    """Let a held account work, or end it."""
    case = await open_case(work, command.account_id)
    if not isinstance(case, Case):
        return case
    refused = rules.refuse_review(case.account)
    if refused is not None:
        return await refuse(work, case, "review", refused)
    if command.decision == "deactivate":
        await end_account(work, case.account, ended_by="staff")
    else:
        await saving.save_account(work, case.account, rules.released(case.account))
    await record(work, case, "reviewed", decision=command.decision, remark=command.remark)
    return AccountReviewed(
        account_id=case.account.id,
        decision=command.decision,
        remark=command.remark,
        actor_account_id=case.actor_id,
    )


async def unlock_by_staff(
    command: UnlockByStaff, work: Work
) -> AccountUnlockedByStaff | StaffActRefused | NotAllowed:
    """Forget the failures of both kinds, and the locks that followed."""
    case = await open_case(work, command.account_id)
    if not isinstance(case, Case):
        return case
    present = [await credentials.lock_guard(work.connection, case.account.id, kind) for kind in guards.KINDS]
    refused = rules.refuse_unlock(present, work.now)
    if refused is not None:
        return await refuse(work, case, "unlock", refused)
    for guard in present:
        await credentials.update_guard(work.connection, guards.after_success(guard))
    await tokens.close_tokens(work.connection, case.account.id, ["unlock"], work.now)
    await record(work, case, "unlocked_by_staff", remark=command.remark)
    return AccountUnlockedByStaff(
        account_id=case.account.id, remark=command.remark, actor_account_id=case.actor_id
    )


async def set_search_privilege(
    command: SetSearchPrivilege, work: Work
) -> SearchPrivilegeSet | StaffActRefused | NotAllowed:
    """Let somebody search, or not; the status stays, and with it filing."""
    case = await open_case(work, command.account_id)
    if not isinstance(case, Case):
        return case
    refused = rules.refuse_privilege(case.account, command)
    if refused is not None:
        return await refuse(work, case, "set_search_privilege", refused)
    await saving.save_account(
        work, case.account, rules.with_privilege(case.account, is_active=command.is_active)
    )
    kind = "search_activated" if command.is_active else "search_inactivated"
    await record(work, case, kind, remark=command.remark)
    return SearchPrivilegeSet(
        account_id=case.account.id,
        is_active=command.is_active,
        remark=command.remark,
        actor_account_id=case.actor_id,
    )


async def deactivate_by_staff(
    command: DeactivateByStaff, work: Work
) -> AccountDeactivatedByStaff | StaffActRefused | NotAllowed:
    """End the account and everything of it that is open, the way back from an erasure too."""
    case = await open_case(work, command.account_id)
    if not isinstance(case, Case):
        return case
    way_back = await tokens.find_open_token(work.connection, case.account.id, "erasure_stop")
    refused = rules.refuse_deactivation(case.account, may_come_back=way_back is not None)
    if refused is not None:
        return await refuse(work, case, "deactivate", refused)
    await end_account(work, case.account, ended_by="staff")
    await record(work, case, "deactivated_by_staff", remark=command.remark)
    return AccountDeactivatedByStaff(
        account_id=case.account.id, remark=command.remark, actor_account_id=case.actor_id
    )


async def check_caller(command: CheckCaller, work: Work) -> CallerChecked | StaffActRefused | NotAllowed:
    """Compare what a caller gave as date of birth; each time is written down, and counted, under the lock."""
    case = await open_case(work, command.account_id)
    if not isinstance(case, Case):
        return case
    since = work.now - timedelta(days=1)
    wrong_before = await history.count_entries(work.connection, case.account.id, _WRONG_DATE, since)
    given = work.open(command, "date_of_birth")
    outcome = rules.check_caller(case.account, given, wrong_before=wrong_before)
    await record(work, case, _WRONG_DATE if outcome == "wrong" else "caller_checked", outcome=outcome)
    return CallerChecked(outcome=outcome)


async def correct_unproved_address(
    command: CorrectUnprovedAddress, work: Work
) -> UnprovedAddressCorrected | AddressCorrectionRefused | StaffActRefused | NotAllowed:
    """Put another address in the place of one that was mistyped, and mail the link there."""
    case = await open_case(work, command.account_id)
    if not isinstance(case, Case):
        return case
    refused = rules.refuse_correction(case.account, command.email)
    if refused is not None:
        return await refuse(work, case, "correct_unproved_address", refused)
    after = await saving.save_account(
        work, case.account, rules.with_corrected_address(case.account, command.email)
    )
    await saving.ask_verification(work, after)
    await record(work, case, "unproved_address_corrected", remark=command.remark)
    return UnprovedAddressCorrected(account_id=after.id)
