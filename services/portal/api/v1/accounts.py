"""The JSON API's routes to `accounts`."""

from services.portal.api.v1.route import Route, delete, get, patch, post, put
from shared.messages import accounts as said
from shared.messages.accounts import clients, exports, factor_reset, staff, staff_looks

# fmt: off
ANYONE: tuple[Route, ...] = (
    post("/accounts", said.RegisterAccount, said.AccountRegistered, said.RegistrationRefused,
         status=201, is_limited=True),
    post("/email-verifications", said.VerifyEmail, said.EmailVerified, said.TokenRefused),
    post("/email-verification-mails", said.AskVerificationAgain, said.VerificationAskedAgain,
         status=202, is_limited=True),
    post("/user-name-mails", said.AskUserName, said.UserNameAsked, status=202, is_limited=True),
    post("/recovery-mails", said.AskRecovery, said.RecoveryAsked, status=202, is_limited=True),
    post("/recoveries", said.RecoverAccount, said.AccountRecovered, said.RecoveryRefused, said.TokenRefused,
         is_limited=True),
    post("/unlockings", said.UnlockAccount, said.AccountUnlocked, said.TokenRefused),
    post("/email-confirmations", said.ConfirmEmailChange, said.EmailChangeConfirmed, said.TokenRefused),
    post("/email-undoings", said.UndoEmailChange, said.EmailChangeUndone, said.TokenRefused),
    post("/erasure-stops", said.StopErasure, said.ErasureStopped, said.TokenRefused),
    post("/factor-reset-stops", factor_reset.StopFactorReset, factor_reset.FactorResetStopped,
         said.TokenRefused),
    post("/sessions", said.SignIn, said.SignedIn, said.SignInRefused, status=201),
    delete("/session", said.SignOut, said.SignedOut, head_field="token"),
)
ME: tuple[Route, ...] = (
    get("/me", said.MyAccount, said.AccountShown),
    get("/me/profile", said.MyProfile, said.ProfileShown),
    put("/me/profile", said.ChangeProfile, said.ProfileChanged, said.ProfileUnchanged, said.ProfileRefused),
    put("/me/user-name", said.ChangeUserName, said.UserNameChanged, said.UserNameRefused),
    put("/me/email", said.ChangeEmail, said.EmailChangeBegun, said.EmailChangeRefused, status=202),
    put("/me/password", said.ChangePassword, said.PasswordChanged, said.PasswordChangeRefused),
    post("/me/upgrade", said.UpgradeAccount, said.AccountUpgraded, said.RegistrationRefused),
    post("/me/proofs", said.ProveAgain, said.ProvedAgain, said.ProofRefused),
    get("/me/sessions", said.MySessions, said.SessionsShown),
    delete("/me/sessions/{session_id}", said.EndSession, said.SessionsEnded, said.NoSuchSession),
    delete("/me/other-sessions", said.EndOtherSessions, said.SessionsEnded, said.NoSuchSession),
    get("/me/second-factor", said.MySecondFactor, said.SecondFactorShown),
    post("/me/authenticators", said.EnrolAuthenticator, said.AuthenticatorOffered, said.AuthenticatorRefused,
         status=201),
    post("/me/authenticators/{authenticator_id}/confirmation", said.ConfirmAuthenticator,
         said.AuthenticatorConfirmed, said.AuthenticatorRefused),
    patch("/me/authenticators/{authenticator_id}", said.RenameAuthenticator, said.AuthenticatorRenamed,
          said.AuthenticatorRefused),
    delete("/me/authenticators/{authenticator_id}", said.RemoveAuthenticator, said.SecondFactorChanged,
           said.AuthenticatorRemovalRefused),
    post("/me/backup-codes", said.MakeBackupCodes, said.BackupCodesMade, said.BackupCodesRefused, status=201),
    delete("/me/factor-reset", factor_reset.StopMyFactorReset, factor_reset.FactorResetStopped,
           factor_reset.NoFactorReset),
    get("/me/history", said.MyHistory, said.HistoryShown,
        next_page=("before", lambda page: page.acts[-1].sequence)),
    get("/me/roles", said.MyRoles, said.RolesShown),
    get("/me/exports", exports.MyExports, exports.ExportsShown),
    post("/me/exports", exports.AskExport, exports.ExportAsked, exports.ExportRefused, status=202),
    post("/me/deactivation", said.DeactivateAccount, said.AccountDeactivated),
    post("/me/erasure", said.AskErasure, said.ErasureBegun, said.ErasureRefused, status=202),
)
STAFF: tuple[Route, ...] = (
    post("/staff/account-searches", staff_looks.FindAccounts, staff_looks.AccountsFound,
         staff_looks.LookRefused),
    post("/staff/accounts/{account_id}/looks", staff_looks.ShowAccountToStaff,
         staff_looks.AccountShownToStaff, staff_looks.LookRefused),
    post("/staff/held-account-looks", staff_looks.HeldAccounts, staff_looks.HeldAccountsShown),
    post("/staff/accounts/{account_id}/review", staff.ReviewAccount, staff.AccountReviewed,
         staff.StaffActRefused),
    post("/staff/accounts/{account_id}/unlocking", staff.UnlockByStaff, staff.AccountUnlockedByStaff,
         staff.StaffActRefused),
    put("/staff/accounts/{account_id}/search-privilege", staff.SetSearchPrivilege, staff.SearchPrivilegeSet,
        staff.StaffActRefused),
    post("/staff/accounts/{account_id}/deactivation", staff.DeactivateByStaff,
         staff.AccountDeactivatedByStaff, staff.StaffActRefused),
    put("/staff/accounts/{account_id}/unproved-email", staff.CorrectUnprovedAddress,
        staff.UnprovedAddressCorrected, staff.AddressCorrectionRefused, staff.StaffActRefused, status=202),
    post("/staff/accounts/{account_id}/caller-checks", staff.CheckCaller, staff.CallerChecked,
         staff.StaffActRefused),
    post("/staff/accounts/{account_id}/factor-reset", factor_reset.AskFactorReset,
         factor_reset.FactorResetBegun, staff.StaffActRefused, status=202),
    post("/staff/accounts/{account_id}/factor-reset-stop", factor_reset.StopFactorResetByStaff,
         factor_reset.FactorResetStopped, staff.StaffActRefused),
    post("/staff/role-looks", said.ListRoles, said.RolesListed),
    post("/staff/roles", said.GrantRole, said.RoleGranted, said.RoleRefused, status=201),
    post("/staff/role-endings", said.EndRole, said.RoleEnded, said.RoleNotEnded),
)
# fmt: on
ROUTES = (*ANYONE, *ME, *STAFF)
LEFT_OUT = {
    said.ResolveSession: "the edge asks it for every request of a person",
    clients.AuthenticateClient: "the PACER Authentication API",
    clients.LogOutClient: "the PACER Authentication API",
    exports.OpenExport: "it names an object in a store that the edge doesn't read",
}
"""What a person or anyone may speak and that has no route, and why."""
