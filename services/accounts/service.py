"""The route table of `accounts`: which message does what."""

from services.accounts.checks.changing import change_password
from services.accounts.checks.confirming import confirm_authenticator
from services.accounts.checks.legacy import load_legacy_accounts
from services.accounts.checks.registering import register_account
from services.accounts.checks.resolving import resolve_session
from services.accounts.checks.signing_in import sign_in
from services.accounts.checks.upgrading import upgrade_account
from services.accounts.handlers import addresses, factors, history, profile, roles, sessions, verification
from services.accounts.settings import Resources
from shared.messages.accounts import (
    AccountActivated,
    AccountChanged,
    AccountDeactivated,
    AccountErased,
    AccountHeldForReview,
    AccountLocked,
    AccountUpgradeFinished,
    AskVerificationAgain,
    ChangeEmail,
    ChangePassword,
    ChangeProfile,
    ChangeUserName,
    ConfirmAuthenticator,
    ConfirmEmailChange,
    ContactChanged,
    DeactivateAccount,
    EmailChangeAsked,
    EmailChanged,
    EmailPutBack,
    EmailTakenIntoUse,
    EmailVerificationAsked,
    EmailWithdrawn,
    EnrolAuthenticator,
    GrantFirstRole,
    GrantRole,
    LoadLegacyAccounts,
    MyAccount,
    MyHistory,
    MyProfile,
    PasswordChanged,
    ProfileChanged,
    RegisterAccount,
    ResolveSession,
    RoleGranted,
    SecondFactorChanged,
    SecondFactorRequired,
    SignedInFromNewPlace,
    SignIn,
    SignOut,
    UndoEmailChange,
    UpgradeAccount,
    UserNameChanged,
    VerifyEmail,
)
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked
from shared.messages.paa_billing import StaffUsedData
from shared.messaging.registry import Service

SERVICE: Service[Resources] = Service(
    name="accounts",
    handles={
        VerifyEmail: verification.verify_email,
        AskVerificationAgain: verification.ask_verification_again,
        EnrolAuthenticator: factors.enrol_authenticator,
        SignOut: sessions.sign_out,
        ChangeEmail: addresses.change_email,
        ConfirmEmailChange: addresses.confirm_email_change,
        UndoEmailChange: addresses.undo_email_change,
        ChangeProfile: profile.change_profile,
        ChangeUserName: profile.change_user_name,
        DeactivateAccount: sessions.deactivate_account,
        GrantRole: roles.grant_role,
        GrantFirstRole: roles.grant_first_role,
        FilingAccountLinked: factors.remember_link,
        FilingAccountUnlinked: factors.forget_link,
        StaffUsedData: history.remember_staff_use,
    },
    answers={
        MyAccount: sessions.my_account,
        MyHistory: history.my_history,
        MyProfile: profile.my_profile,
    },
    checks={
        RegisterAccount: register_account,
        LoadLegacyAccounts: load_legacy_accounts,
        UpgradeAccount: upgrade_account,
        SignIn: sign_in,
        ResolveSession: resolve_session,
        ConfirmAuthenticator: confirm_authenticator,
        ChangePassword: change_password,
    },
    announces=(
        AccountChanged,
        ContactChanged,
        AccountErased,
        EmailVerificationAsked,
        AccountActivated,
        AccountHeldForReview,
        AccountUpgradeFinished,
        AccountDeactivated,
        SignedInFromNewPlace,
        AccountLocked,
        EmailChangeAsked,
        EmailChanged,
        EmailTakenIntoUse,
        EmailPutBack,
        EmailWithdrawn,
        ProfileChanged,
        UserNameChanged,
        PasswordChanged,
        SecondFactorChanged,
        SecondFactorRequired,
        RoleGranted,
    ),
)
