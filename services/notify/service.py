"""The route table of notify: which event makes which mail."""

from services.notify import handlers, jobs
from services.notify.handlers import mailing
from services.notify.rules import accounts, addresses, billing, linking, records, usage
from services.notify.settings import Resources
from shared.messages.accounts import (
    AccountActivated,
    AccountDeactivated,
    AccountErased,
    AccountHeldForReview,
    AccountLocked,
    AccountUpgradeFinished,
    ContactChanged,
    EmailChangeAsked,
    EmailChanged,
    EmailPutBack,
    EmailTakenIntoUse,
    EmailVerificationAsked,
    EmailWithdrawn,
    ErasureAsked,
    ErasureStopped,
    PasswordChanged,
    ProfileChanged,
    RoleGranted,
    SecondFactorChanged,
    SecondFactorRequired,
    SignedInFromNewPlace,
    UserNameChanged,
)
from shared.messages.linking import (
    CourtChanged,
    CourtWentLive,
    FilingAccountLinked,
    FilingAccountUnlinked,
    LinkConflictFound,
)
from shared.messages.notify import MyMessages, NotificationAbandoned, NotificationSent
from shared.messages.paa_billing import (
    FirmRegistered,
    InvitationDeclined,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    PaymentRecorded,
    StatementIssued,
    UsageBatchParked,
    UsageBatchSettled,
)
from shared.messaging.erasure import blank_next_messages
from shared.messaging.registry import Service

SERVICE: Service[Resources] = Service(
    name="notify",
    handles={
        ContactChanged: handlers.remember_contact,
        CourtChanged: handlers.remember_court,
        AccountErased: handlers.erase_account,
        EmailVerificationAsked: mailing(accounts.verify_email),
        AccountActivated: mailing(accounts.welcome),
        AccountHeldForReview: mailing(accounts.account_held),
        AccountUpgradeFinished: mailing(accounts.account_upgraded),
        AccountDeactivated: mailing(accounts.account_deactivated),
        EmailChangeAsked: mailing(addresses.email_change),
        EmailChanged: mailing(addresses.email_changed),
        EmailTakenIntoUse: mailing(addresses.email_taken_into_use),
        EmailPutBack: mailing(addresses.email_put_back),
        EmailWithdrawn: mailing(addresses.email_withdrawn),
        ProfileChanged: mailing(addresses.profile_changed),
        UserNameChanged: mailing(addresses.user_name_changed),
        ErasureAsked: mailing(records.erasure_asked),
        ErasureStopped: mailing(records.erasure_stopped),
        PasswordChanged: mailing(accounts.password_changed),
        SignedInFromNewPlace: mailing(accounts.new_sign_in_place),
        AccountLocked: mailing(accounts.account_locked),
        SecondFactorChanged: mailing(accounts.second_factor_changed),
        SecondFactorRequired: mailing(accounts.second_factor_required),
        RoleGranted: mailing(accounts.role_granted),
        FilingAccountLinked: mailing(linking.filing_account_linked),
        FilingAccountUnlinked: mailing(linking.filing_account_unlinked),
        LinkConflictFound: mailing(linking.link_conflict),
        CourtWentLive: mailing(linking.court_went_live),
        FirmRegistered: mailing(billing.firm_registered),
        MemberInvited: mailing(billing.invitation_received),
        InvitationDeclined: mailing(billing.invitation_declined),
        MemberJoined: mailing(billing.member_joined),
        MemberLeft: mailing(billing.member_left),
        StatementIssued: mailing(billing.statement_ready),
        PaymentRecorded: mailing(billing.payment_received),
        UsageBatchSettled: mailing(usage.usage_quarantined),
        UsageBatchParked: mailing(usage.usage_parked),
    },
    answers={MyMessages: handlers.my_messages},
    announces=(NotificationSent, NotificationAbandoned),
    jobs={"mail": jobs.send_next_mail, "erasures": blank_next_messages}
    | {f"mail {n}": jobs.send_next_mail for n in range(2, jobs.SENDERS + 1)},
    prepares=jobs.load_texts,
)
