"""The route table of `linking`: which message goes where."""

from services.linking.checks import looking, proving
from services.linking.checks import rosters as loading
from services.linking.handlers import (
    accounts,
    assistance,
    codes,
    conflicts,
    courts,
    filing,
    history,
    links,
    readiness,
    reminders,
    requests,
    rosters,
    starting,
)
from services.linking.jobs import forget_old_proofs, make_export_part, remind_next_of_go_live
from services.linking.settings import Resources
from shared.messages.accounts import (
    AccountChanged,
    AccountErased,
)
from shared.messages.accounts.exports import (
    ExportAsked,
)
from shared.messages.linking import (
    AnnounceGoLive,
    BeginRoster,
    BeginRosterByOperator,
    ConfirmLink,
    CourtChanged,
    CourtWentLive,
    ExportPartMade,
    FilingAccountGone,
    FilingAccountLinked,
    FilingAccountReturned,
    FilingAccountUnlinked,
    FinishRoster,
    FinishRosterByOperator,
    LinkConflictFound,
    ListCourts,
    LoadRoster,
    LoadRosterByOperator,
    ProveFilingAccount,
    RosterFinished,
    RosterProgress,
    RosterRefusals,
    SetCourtContact,
    SetGoLive,
    ShowCourt,
    UnlinkFilingAccount,
    WhatMayIFile,
    WhoFilesHere,
)
from shared.messages.linking.assistance import (
    AssistanceSessionBooked,
    AssistanceSessionCancelled,
    AssistanceSessionChanged,
    BookAssistanceSession,
    BookingCancelled,
    CancelAssistanceSession,
    CancelBooking,
    ChangeAssistanceSession,
    ListAssistanceSessions,
    ScheduleAssistanceSession,
)
from shared.messages.linking.attempts import WhyCantLink
from shared.messages.linking.codes import IssueLinkingCode, LinkingCodeIssued, ProveByLinkingCode
from shared.messages.linking.conflicts import Conflicts, ConflictSettled, SettleConflict
from shared.messages.linking.history import LinksOf, MyCourts, MyLinks
from shared.messages.linking.readiness import (
    GoLiveReminderDue,
    PeopleStillToAct,
    RecordReadiness,
    RemindOfGoLive,
    ShowReadiness,
)
from shared.messages.linking.requests import (
    AcceptFilingRequest,
    AskFilingPrivileges,
    FilingRequestDecided,
    FilingRequestMade,
    FilingRequests,
    MyFilingRequests,
    RefuseFilingRequest,
    WithdrawFilingRequest,
)
from shared.messages.linking.staff import StaffUsedData
from shared.messaging.erasure import blank_next_messages
from shared.messaging.export_parts import ask_part_of
from shared.messaging.registry import Service

SERVICE: Service[Resources] = Service(
    name="linking",
    handles={
        SetGoLive: courts.set_go_live,
        SetCourtContact: courts.set_court_contact,
        AnnounceGoLive: courts.announce_go_live,
        RemindOfGoLive: reminders.begin_reminding,
        RecordReadiness: readiness.record_readiness,
        ScheduleAssistanceSession: assistance.schedule_session,
        ChangeAssistanceSession: assistance.change_session,
        CancelAssistanceSession: assistance.cancel_session,
        BookAssistanceSession: assistance.book_session,
        CancelBooking: assistance.cancel_booking,
        ConfirmLink: links.confirm_link,
        UnlinkFilingAccount: links.unlink_filing_account,
        BeginRoster: rosters.begin_roster,
        BeginRosterByOperator: rosters.begin_roster_by_operator,
        FinishRoster: rosters.finish_roster,
        FinishRosterByOperator: rosters.finish_roster_by_operator,
        IssueLinkingCode: codes.issue_linking_code,
        ProveByLinkingCode: codes.prove_by_linking_code,
        AskFilingPrivileges: requests.ask_filing_privileges,
        WithdrawFilingRequest: requests.withdraw_filing_request,
        AcceptFilingRequest: requests.accept_filing_request,
        RefuseFilingRequest: requests.refuse_filing_request,
        SettleConflict: conflicts.settle_conflict,
        AccountChanged: accounts.remember_account,
        AccountErased: accounts.forget_account,
        ExportAsked: ask_part_of,
    },
    answers={
        MyCourts: filing.my_courts,
        MyLinks: history.my_links,
        MyFilingRequests: requests.my_filing_requests,
        ShowCourt: courts.show_court,
        ListCourts: courts.list_courts,
        ListAssistanceSessions: assistance.list_sessions,
        ShowReadiness: readiness.show_readiness,
        PeopleStillToAct: readiness.people_still_to_act,
        RosterProgress: rosters.roster_progress,
        RosterRefusals: rosters.roster_refusals,
    },
    lookups={
        WhatMayIFile: filing.what_may_i_file,
        WhoFilesHere: filing.who_files_here,
    },
    checks={
        ProveFilingAccount: proving.prove_filing_account,
        LoadRoster: loading.load_roster,
        LoadRosterByOperator: loading.load_roster_by_operator,
        FilingRequests: looking.filing_requests,
        Conflicts: looking.conflicts_of_court,
        WhyCantLink: looking.why_cant_link,
        LinksOf: looking.links_of,
    },
    announces=(
        CourtChanged,
        CourtWentLive,
        FilingAccountLinked,
        FilingAccountUnlinked,
        FilingAccountGone,
        FilingAccountReturned,
        LinkConflictFound,
        AssistanceSessionBooked,
        BookingCancelled,
        AssistanceSessionChanged,
        AssistanceSessionCancelled,
        GoLiveReminderDue,
        RosterFinished,
        ConflictSettled,
        LinkingCodeIssued,
        FilingRequestMade,
        FilingRequestDecided,
        StaffUsedData,
        ExportPartMade,
    ),
    jobs={
        "forget_old_proofs": forget_old_proofs,
        "go-live reminders": remind_next_of_go_live,
        "erasures": blank_next_messages,
        "export part": make_export_part,
    },
    prepares=starting.prepare,
)
