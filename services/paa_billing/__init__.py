"""Central billing: firms and whom they pay for, usage and its price, quarters, the ledger, statements.

Owns firms, memberships, fee schedules, usage lines, the ledger and statements. Accepts commands about them
from accounts, batches of usage from courts, and the operator's close of a quarter. Announces who joined and
left, what became of a batch, statements and payments. Listens to `accounts` and `linking`.
"""
