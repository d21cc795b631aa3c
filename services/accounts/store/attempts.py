"""SQL of an attempt to sign in: counted for the account, the network and in all, in one statement."""

from datetime import datetime

from services.accounts.model import Counted, Credential, Throttle
from shared.database import Connection

_CREDENTIAL = Credential.__slots__


async def count_attempt(
    connection: Connection, at_account: Throttle, in_network: Throttle, in_all: Throttle, now: datetime
) -> tuple[Credential | None, list[Counted]]:
    """Count one attempt at the account of a user name, of its network and of all, each held in that order.

    Answers with what the password is compared with, unless the name is nobody's or the account's guard lets
    nobody try (as `rules.guards.count_attempt` says, which this does for whoever is not known yet); and with
    the counts of network and all. One over the network's limit is not counted of all.

    If the password was replaced while the guard was waited for, it is the one before; what settles the
    attempt then sees that it isn't current.

    This transaction's commit is then seen by all at once, but doesn't wait for the disk: a count that
    everybody shares would else be held for as long as a write takes, by one sign-in after the other. Only a
    crash of the database loses anything by it, the counts of attempts that were not settled: what settles
    one waits for the disk, and for all that was written before it.
    """
    (row,) = await connection.fetch(
        """
        WITH at_account AS (
            UPDATE guards AS g
               SET attempts = ARRAY(SELECT attempt FROM unnest(g.attempts) AS attempt WHERE attempt > $2)
                              || $9::timestamptz,
                   locked_until = NULL
              FROM accounts AS a
              JOIN credentials AS c ON c.account_id = a.id
             WHERE a.user_name_key = $1 AND g.account_id = a.id AND g.kind = 'password'
               AND (g.locked_until IS NULL OR g.locked_until <= $9)
               AND (SELECT count(*) FROM unnest(g.attempts) AS attempt WHERE attempt > $2) < $3
            RETURNING c.account_id, c.scheme, c.password_hash, c.changed_at, c.recipe
        ), in_network AS (
            INSERT INTO throttles AS t (scope, subject, window_started_at, attempt_count)
            SELECT 'network', $4, $9, 1 FROM (SELECT count(*) FROM at_account) AS account_first
            ON CONFLICT (scope, subject) DO UPDATE
               SET attempt_count = CASE WHEN t.window_started_at <= $5 THEN 1 ELSE t.attempt_count + 1 END,
                   window_started_at = CASE WHEN t.window_started_at <= $5 THEN $9
                                            ELSE t.window_started_at END
            RETURNING window_started_at, attempt_count
        ), in_all AS (
            INSERT INTO throttles AS t (scope, subject, window_started_at, attempt_count)
            SELECT 'all', $7, $9, 1 FROM in_network WHERE attempt_count <= $6
            ON CONFLICT (scope, subject) DO UPDATE
               SET attempt_count = CASE WHEN t.window_started_at <= $8 THEN 1 ELSE t.attempt_count + 1 END,
                   window_started_at = CASE WHEN t.window_started_at <= $8 THEN $9
                                            ELSE t.window_started_at END
            RETURNING window_started_at, attempt_count
        ), quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
        SELECT in_network.window_started_at AS network_since, in_network.attempt_count AS network_count,
               in_all.window_started_at AS all_since, in_all.attempt_count AS all_count,
               account_id, scheme, password_hash, changed_at, recipe
          FROM quick, in_network
          LEFT JOIN in_all ON true
          LEFT JOIN at_account ON true
        """,
        at_account.subject,
        now - at_account.window,
        at_account.limit,
        in_network.subject,
        now - in_network.window,
        in_network.limit,
        in_all.subject,
        now - in_all.window,
        now,
    )
    counted = [_counted(in_network, row["network_since"], row["network_count"])]
    if row["all_since"] is not None:
        counted.append(_counted(in_all, row["all_since"], row["all_count"]))
    if row["account_id"] is None:
        return None, counted
    return Credential(**{name: row[name] for name in _CREDENTIAL}), counted


def _counted(throttle: Throttle, since: datetime, count: int) -> Counted:
    return Counted(throttle=throttle, window_started_at=since, attempt_count=count)
