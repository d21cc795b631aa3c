"""Linking: which filing account of which court belongs to which PACER account.

Owns      courts, rosters of filing accounts, links and their history, proofs, conflicts.
Accepts   set go-live, set a court's contact, load a roster, prove, confirm, unlink; what may I
          file, and as whom here?
Announces courts changed and gone live, filing accounts linked and unlinked, conflicts.
Listens   to accounts changed and erased.
"""
