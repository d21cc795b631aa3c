"""The route table of billing: which message is handled where."""

from services.paa_billing import checks, jobs
from services.paa_billing.handlers import (
    accounts,
    close,
    firms,
    memberships,
    payments,
    shipped,
    statements,
    usage,
    waiting,
)
from services.paa_billing.settings import Resources
from shared.messages.accounts import AccountChanged, AccountErased
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked
from shared.messages.paa_billing import (
    AcceptInvitation,
    CloseQuarter,
    DeclineInvitation,
    ExpireInvitation,
    FirmRegistered,
    FirmUsage,
    InvitationDeclined,
    InviteAccount,
    LeaveFirm,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MyBalance,
    MyInvitations,
    MyMembers,
    MyStatements,
    MyUsage,
    PaymentRecorded,
    RecordPayment,
    RecordUsage,
    RegisterFirm,
    RemoveMember,
    RetryWaitingUsage,
    ShowClose,
    StatementIssued,
    UsageBatchSettled,
    WhoLooked,
    WithdrawInvitation,
)
from shared.messaging.registry import Service

SERVICE: Service[Resources] = Service(
    name="paa_billing",
    handles={
        AccountChanged: accounts.remember_account,
        AccountErased: accounts.forget_account,
        FilingAccountLinked: accounts.remember_link,
        FilingAccountUnlinked: accounts.forget_link,
        RegisterFirm: firms.register_firm,
        InviteAccount: firms.invite_account,
        WithdrawInvitation: firms.withdraw_invitation,
        ExpireInvitation: firms.expire_invitation,
        AcceptInvitation: memberships.accept_invitation,
        DeclineInvitation: memberships.decline_invitation,
        LeaveFirm: memberships.leave_firm,
        RemoveMember: memberships.remove_member,
        RetryWaitingUsage: waiting.retry_waiting_usage,
        CloseQuarter: close.close_quarter,
        RecordPayment: payments.record_payment,
    },
    bulk={RecordUsage: usage.record_usage},
    answers={
        MyInvitations: memberships.my_invitations,
        MyUsage: usage.my_usage,
        WhoLooked: usage.who_looked,
        MyBalance: payments.my_balance,
        MyStatements: statements.my_statements,
        ShowClose: close.show_close,
    },
    checks={
        FirmUsage: checks.firm_usage,
        MyMembers: checks.my_members,
    },
    announces=(
        FirmRegistered,
        MemberInvited,
        InvitationDeclined,
        MemberJoined,
        MemberLeft,
        UsageBatchSettled,
        StatementIssued,
        PaymentRecorded,
    ),
    jobs={
        "close": jobs.close_next_chunk,
        # Two, so that two processes render at a time.
        "files 1": jobs.make_next_files,
        "files 2": jobs.make_next_files,
    },
    prepares=shipped.prepare,
)
