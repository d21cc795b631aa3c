"""Linking: which filing account of which court belongs to which PACER account.

Owns      courts, rosters of filing accounts, links and their history, proofs, linking codes, conflicts,
          filing requests, readiness, assistance sessions.
Accepts   set go-live, set a court's contact, load a roster, prove, confirm, unlink, offer and book assistance
          sessions; what may I file, and as whom here? how ready is my court? why can't this
          person link?
Announces courts changed and gone live, filing accounts linked and unlinked, conflicts, bookings, reminders.
Listens   to accounts changed and erased.
"""
