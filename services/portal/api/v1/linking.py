"""The JSON API's routes to `linking`."""

from services.portal.api.v1.route import Route, delete, get, patch, post, put
from shared.messages import linking as said
from shared.messages.linking import assistance, attempts, codes, conflicts, history, readiness, requests

# fmt: off
ANYONE: tuple[Route, ...] = (
    get("/courts", said.ListCourts, said.CourtList),
    get("/courts/{court_id}", said.ShowCourt, said.CourtShown, said.CourtNotFound),
)
ME: tuple[Route, ...] = (
    post("/me/filing-accounts/proofs", said.ProveFilingAccount, said.FilingAccountProved, said.LinkRefused,
         status=201),
    post("/me/filing-accounts/code-proofs", codes.ProveByLinkingCode, said.FilingAccountProved,
         said.LinkRefused, status=201),
    get("/me/links", history.MyLinks, history.MyLinksShown,
        next_page=("before", lambda page: page.links[-1].link_id)),
    post("/me/links", said.ConfirmLink, said.FilingAccountLinked, said.LinkRefused, status=201),
    get("/me/filing-rights", said.WhatMayIFile, said.FilingRights),
    get("/me/filing-requests", requests.MyFilingRequests, requests.MyFilingRequestsShown),
    post("/me/filing-requests", requests.AskFilingPrivileges, requests.FilingRequestMade,
         requests.FilingRequestNotMade, status=201),
    delete("/me/filing-requests/{request_id}", requests.WithdrawFilingRequest,
           requests.FilingRequestWithdrawn, requests.FilingRequestKept),
    get("/courts/{court_id}/assistance-sessions", assistance.ListAssistanceSessions,
        assistance.AssistanceSessionList, said.CourtNotFound),
    post("/me/bookings", assistance.BookAssistanceSession, assistance.AssistanceSessionBooked,
         assistance.AssistanceRefused, status=201),
    delete("/me/bookings/{booking_id}", assistance.CancelBooking, assistance.BookingCancelled,
           assistance.AssistanceRefused),
    post("/links/{link_id}/unlinking", said.UnlinkFilingAccount, said.FilingAccountUnlinked,
         said.UnlinkRefused),
)
STAFF: tuple[Route, ...] = (
    put("/courts/{court_id}/go-live", said.SetGoLive, said.CourtChanged, said.GoLiveRefused),
    put("/courts/{court_id}/contact", said.SetCourtContact, said.CourtChanged, said.CourtContactRefused),
    get("/courts/{court_id}/readiness", readiness.ShowReadiness, readiness.ReadinessShown,
        said.CourtNotFound),
    get("/courts/{court_id}/people-still-to-act", readiness.PeopleStillToAct, readiness.PeopleToAct,
        next_page=("after_login", lambda page: page.next_after)),
    post("/courts/{court_id}/rosters", said.BeginRoster, said.RosterBegun, said.RosterRefused, status=201),
    post("/courts/{court_id}/roster-rows", said.LoadRoster, said.RosterLoaded, said.RosterRefused,
         said.RosterNotOpen),
    post("/courts/{court_id}/rosters/{roster_id}/end", said.FinishRoster, said.RosterFinished,
         said.RosterNotFinished, said.RosterNotOpen),
    get("/courts/{court_id}/rosters/{roster_id}", said.RosterProgress, said.RosterShown, said.RosterNotOpen),
    get("/courts/{court_id}/rosters/{roster_id}/refusals", said.RosterRefusals, said.RosterRefusalPage,
        said.RosterNotOpen, next_page=("after_line", lambda page: page.refused[-1].line)),
    post("/courts/{court_id}/linking-codes", codes.IssueLinkingCode, codes.LinkingCodeMade,
         codes.LinkingCodeRefused, status=201),
    post("/courts/{court_id}/attempt-looks", attempts.WhyCantLink, attempts.LinkAttemptsShown),
    post("/courts/{court_id}/link-looks", history.LinksOf, history.LinksOfFilingAccount),
    post("/courts/{court_id}/filing-request-looks", requests.FilingRequests, requests.FilingRequestsSeen),
    post("/filing-requests/{request_id}/acceptance", requests.AcceptFilingRequest,
         requests.FilingRequestDecided, requests.FilingRequestKept),
    post("/filing-requests/{request_id}/refusal", requests.RefuseFilingRequest,
         requests.FilingRequestDecided, requests.FilingRequestKept),
    post("/courts/{court_id}/conflict-looks", conflicts.Conflicts, conflicts.ConflictsSeen),
    post("/conflicts/{conflict_id}/settlement", conflicts.SettleConflict, conflicts.ConflictSettled,
         conflicts.ConflictNotSettled),
    post("/courts/{court_id}/assistance-sessions", assistance.ScheduleAssistanceSession,
         assistance.AssistanceSessionScheduled, assistance.AssistanceRefused, status=201),
    patch("/courts/{court_id}/assistance-sessions/{assistance_session_id}",
          assistance.ChangeAssistanceSession, assistance.AssistanceSessionChanged,
          assistance.AssistanceRefused),
    delete("/courts/{court_id}/assistance-sessions/{assistance_session_id}",
           assistance.CancelAssistanceSession, assistance.AssistanceSessionCancelled,
           assistance.AssistanceRefused),
)
# fmt: on
ROUTES = (*ANYONE, *ME, *STAFF)
LEFT_OUT = {
    said.WhoFilesHere: "courts' machines ask it, for somebody whose token they were shown",
    history.MyCourts: "one page asks it for what two routes answer, /me/filing-rights and /me/links",
}
"""What a person or anyone may speak and that has no route, and why."""
