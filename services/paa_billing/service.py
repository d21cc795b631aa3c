"""The route table of billing: which message is handled where."""

from services.paa_billing import checks, jobs
from services.paa_billing.handlers import (
    accounts,
    client_codes,
    close,
    firms,
    memberships,
    parked,
    payments,
    shipped,
    statements,
    usage,
    waiting,
)
from services.paa_billing.settings import Resources
from shared.messages.accounts import (
    AccountChanged,
    AccountErased,
)
from shared.messages.accounts.exports import (
    ExportAsked,
)
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked
from shared.messages.paa_billing import (
    AcceptInvitation,
    ClientCodeRuleChanged,
    CloseQuarter,
    DeclineInvitation,
    ExpireInvitation,
    ExportPartMade,
    FirmRegistered,
    FirmUsage,
    InvitationDeclined,
    InviteAccount,
    LeaveFirm,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MyBalance,
    MyClientCodeRule,
    MyInvitations,
    MyMembers,
    MyStatementFiles,
    MyStatements,
    MyUsage,
    PaymentRecorded,
    RecordPayment,
    RecordUsage,
    RegisterFirm,
    RemoveMember,
    RetryWaitingUsage,
    SetClientCodeRule,
    SetMyClientCodeRule,
    ShowClose,
    StaffUsedData,
    StatementIssued,
    UsageBatchParked,
    UsageBatchSettled,
    WhoLooked,
    WhoPaysForMe,
    WithdrawInvitation,
)
from shared.messages.paa_billing.reporting import ReportUsage, WhatBecameOfBatch
from shared.messaging.erasure import blank_next_messages
from shared.messaging.export_parts import ask_part_of
from shared.messaging.registry import Service

SERVICE: Service[Resources] = Service(
    name="paa_billing",
    handles={
        AccountChanged: accounts.remember_account,
        AccountErased: accounts.forget_account,
        ExportAsked: ask_part_of,
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
        SetClientCodeRule: client_codes.set_client_code_rule,
        SetMyClientCodeRule: client_codes.set_my_client_code_rule,
        RetryWaitingUsage: waiting.retry_waiting_usage,
        CloseQuarter: close.close_quarter,
        RecordPayment: payments.record_payment,
    },
    bulk={RecordUsage: usage.record_usage, ReportUsage: usage.report_usage},
    answers={
        MyInvitations: memberships.my_invitations,
        WhoPaysForMe: memberships.who_pays_for_me,
        MyClientCodeRule: client_codes.my_client_code_rule,
        MyUsage: usage.my_usage,
        WhoLooked: usage.who_looked,
        MyBalance: payments.my_balance,
        MyStatements: statements.my_statements,
        ShowClose: close.show_close,
    },
    lookups={WhatBecameOfBatch: usage.what_became_of_batch},
    checks={
        FirmUsage: checks.firm_usage,
        MyMembers: checks.my_members,
        MyStatementFiles: checks.my_statement_files,
    },
    announces=(
        FirmRegistered,
        MemberInvited,
        InvitationDeclined,
        MemberJoined,
        MemberLeft,
        ClientCodeRuleChanged,
        UsageBatchSettled,
        UsageBatchParked,
        StatementIssued,
        PaymentRecorded,
        StaffUsedData,
        ExportPartMade,
    ),
    jobs={
        "close": jobs.close_next_chunk,
        # Two, so that two processes render at a time.
        "files 1": jobs.make_next_files,
        "files 2": jobs.make_next_files,
        "erasures": blank_next_messages,
        "export part": jobs.make_export_part,
    },
    prepares=shipped.prepare,
    when_parked={RecordUsage: parked.tell_court, ReportUsage: parked.tell_reporter},
)
