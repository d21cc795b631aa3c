"""The route table of `linking`: which message goes where."""

from services.linking.checks import proving, rosters
from services.linking.handlers import (
    accounts,
    assistance,
    courts,
    filing,
    links,
    readiness,
    reminders,
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
    ConfirmLink,
    CourtChanged,
    CourtWentLive,
    ExportPartMade,
    FilingAccountLinked,
    FilingAccountUnlinked,
    LinkConflictFound,
    ListCourts,
    LoadRoster,
    ProveFilingAccount,
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
from shared.messages.linking.readiness import (
    GoLiveReminderDue,
    PeopleStillToAct,
    RecordReadiness,
    RemindOfGoLive,
    ShowReadiness,
)
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
        AccountChanged: accounts.remember_account,
        AccountErased: accounts.forget_account,
        ExportAsked: ask_part_of,
    },
    answers={
        WhatMayIFile: filing.what_may_i_file,
        WhoFilesHere: filing.who_files_here,
        ShowCourt: courts.show_court,
        ListCourts: courts.list_courts,
        ListAssistanceSessions: assistance.list_sessions,
        ShowReadiness: readiness.show_readiness,
        PeopleStillToAct: readiness.people_still_to_act,
    },
    checks={
        ProveFilingAccount: proving.prove_filing_account,
        LoadRoster: rosters.load_roster,
    },
    announces=(
        CourtChanged,
        CourtWentLive,
        FilingAccountLinked,
        FilingAccountUnlinked,
        LinkConflictFound,
        AssistanceSessionBooked,
        BookingCancelled,
        AssistanceSessionChanged,
        AssistanceSessionCancelled,
        GoLiveReminderDue,
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
