"""Looking again for accounts that are like this one, after its holder changed a name or an address."""

from services.accounts.model import Account, Standing
from services.accounts.rules import profile, registration
from services.accounts.store import accounts, credentials, saving
from services.accounts.store.saving import Work
from shared.messages.accounts import AccountHeldForReview


async def look_again(work: Work, before: Account, after: Account) -> tuple[Account, Standing]:
    """The account as it may be from now on, and what its holder is told; its identities are held."""
    if before.identity_keys == after.identity_keys:
        return after, Standing()
    standing = registration.standing(await accounts.list_likenesses(work.connection, after))
    duties = await credentials.get_duties(work.connection, after.id, work.now)
    looked_at = profile.looked_at_again(after, standing, has_links=duties.is_filer)
    if looked_at.status != before.status:
        await saving.record(work, after, "held_for_review")
        work.emit(AccountHeldForReview(account_id=after.id))
    return looked_at, standing
