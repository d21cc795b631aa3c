"""Invitations, and the memberships that come of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from services.paa_billing.model.firms import EndedBy, Invitation, InvitationState, Membership
from shared.database import Connection
from shared.messages.paa_billing import MembershipShown


async def insert_invitation(
    connection: Connection, invitation: Invitation, invited_by: UUID, invited_at: datetime
) -> bool:
    """Keep an open invitation; says no if the firm has asked this person and waits for the answer."""
    status = await connection.execute(
        """
        INSERT INTO invitations (invitation_id, paa_id, account_id, invited_by, remark, invited_at,
                                 expires_at, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'open')
        ON CONFLICT (paa_id, account_id) WHERE state = 'open' DO NOTHING
        """,
        invitation.invitation_id,
        invitation.paa_id,
        invitation.account_id,
        invited_by,
        invitation.remark,
        invited_at,
        invitation.expires_at,
    )
    return status == "INSERT 0 1"


async def lock_invitation(connection: Connection, invitation_id: UUID) -> Invitation | None:
    row = await connection.fetchrow(
        """
        SELECT invitation_id, paa_id, account_id, remark, expires_at, state
          FROM invitations
         WHERE invitation_id = $1
           FOR UPDATE
        """,
        invitation_id,
    )
    return None if row is None else Invitation(**row)


async def settle_invitation(
    connection: Connection, invitation_id: UUID, state: InvitationState, at: datetime
) -> None:
    """Note the answer to an open invitation; one that was answered stays as it is."""
    await connection.execute(
        """
        UPDATE invitations SET state = $2, settled_at = $3
         WHERE invitation_id = $1 AND state = 'open'
        """,
        invitation_id,
        state,
        at,
    )


async def withdraw_invitation(
    connection: Connection, paa_id: UUID, account_number: str, at: datetime
) -> UUID | None:
    """Take a firm's open question to a person back; answers which one it was."""
    return cast(
        "UUID | None",
        await connection.fetchval(
            """
            UPDATE invitations AS i SET state = 'withdrawn', settled_at = $3
              FROM accounts AS a
             WHERE i.paa_id = $1 AND i.account_id = a.account_id AND a.account_number = $2
               AND i.state = 'open'
            RETURNING i.invitation_id
            """,
            paa_id,
            account_number,
            at,
        ),
    )


async def withdraw_invitations(connection: Connection, account_id: UUID, at: datetime) -> None:
    """End all that a person was asked, when there is nobody left to answer."""
    await connection.execute(
        """
        UPDATE invitations SET state = 'withdrawn', settled_at = $2
         WHERE account_id = $1 AND state = 'open'
        """,
        account_id,
        at,
    )


async def list_open_invitations(
    connection: Connection, account_id: UUID, at: datetime
) -> list[tuple[Invitation, str]]:
    """What a person is asked now, oldest first, with each firm's name."""
    rows = await connection.fetch(
        """
        SELECT i.invitation_id, i.paa_id, i.account_id, i.remark, i.expires_at, i.state, f.name
          FROM invitations AS i
          JOIN firms AS f USING (paa_id)
         WHERE i.account_id = $1 AND i.state = 'open' AND i.expires_at > $2
         ORDER BY i.invited_at, i.invitation_id
         LIMIT 100
        """,
        account_id,
        at,
    )
    return [(Invitation(**{k: v for k, v in row.items() if k != "name"}), row["name"]) for row in rows]


async def insert_membership(
    connection: Connection, membership_id: UUID, invitation: Invitation, joined_at: datetime
) -> None:
    """Two firms for one person at one instant are an exclusion violation (`one_payer_at_a_time`)."""
    await connection.execute(
        """
        INSERT INTO memberships (membership_id, paa_id, account_id, invitation_id, joined_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        membership_id,
        invitation.paa_id,
        invitation.account_id,
        invitation.invitation_id,
        joined_at,
    )


async def find_membership(connection: Connection, account_id: UUID) -> Membership | None:
    """The membership that has no end yet."""
    row = await connection.fetchrow(
        """
        SELECT membership_id, paa_id, account_id, joined_at, left_at
          FROM memberships
         WHERE account_id = $1 AND left_at IS NULL
        """,
        account_id,
    )
    return None if row is None else Membership(**row)


async def end_membership(
    connection: Connection, membership_id: UUID, left_at: datetime, ended_by: EndedBy, remark: str
) -> None:
    await connection.execute(
        "UPDATE memberships SET left_at = $2, ended_by = $3, remark = $4 WHERE membership_id = $1",
        membership_id,
        left_at,
        ended_by,
        remark,
    )


async def list_memberships(connection: Connection, account_ids: Sequence[UUID]) -> list[Membership]:
    """All memberships, ended ones too, of these accounts; those of one in the order of time."""
    rows = await connection.fetch(
        """
        SELECT found.membership_id, found.paa_id, found.account_id, found.joined_at, found.left_at
          FROM unnest($1::uuid[]) AS asked (account_id)
         CROSS JOIN LATERAL (
               SELECT membership_id, paa_id, account_id, joined_at, left_at
                 FROM memberships
                WHERE account_id = asked.account_id
                ORDER BY joined_at
         ) AS found
        """,
        account_ids,
    )
    return [Membership(**row) for row in rows]


async def list_payers(connection: Connection, account_id: UUID, limit: int) -> list[MembershipShown]:
    """The firms that pay or have paid for a person, newest first."""
    rows = await connection.fetch(
        """
        SELECT m.membership_id, m.paa_id, f.name AS firm_name, m.joined_at, m.left_at, m.ended_by,
               coalesce(m.remark, '') AS remark
          FROM memberships AS m
          JOIN firms AS f USING (paa_id)
         WHERE m.account_id = $1
         ORDER BY m.joined_at DESC, m.membership_id
         LIMIT $2
        """,
        account_id,
        limit,
    )
    return [MembershipShown(**row) for row in rows]


async def blank_invitations(connection: Connection, account_id: UUID) -> None:
    """Forget what was written to a person."""
    await connection.execute("UPDATE invitations SET remark = '' WHERE account_id = $1", account_id)


async def blank_memberships(connection: Connection, account_id: UUID) -> None:
    """Forget what was written when a person left."""
    await connection.execute(
        "UPDATE memberships SET remark = '' WHERE account_id = $1 AND remark IS NOT NULL", account_id
    )
