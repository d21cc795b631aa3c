"""The route table of `linking`: which message goes where."""

from services.linking.checks import proving, rosters
from services.linking.handlers import accounts, courts, filing, links
from services.linking.jobs import forget_old_proofs, make_export_part
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
from shared.messaging.erasure import blank_next_messages
from shared.messaging.export_parts import ask_part_of
from shared.messaging.registry import Service

SERVICE: Service[Resources] = Service(
    name="linking",
    handles={
        SetGoLive: courts.set_go_live,
        SetCourtContact: courts.set_court_contact,
        AnnounceGoLive: courts.announce_go_live,
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
        ExportPartMade,
    ),
    jobs={
        "forget_old_proofs": forget_old_proofs,
        "erasures": blank_next_messages,
        "export part": make_export_part,
    },
    prepares=courts.load_shipped_courts,
)
