"""notify: tells people by mail, once, of each change that concerns them.

Owns contacts, court addresses, notifications, suppressions.
Accepts the question which messages were sent to me.
Announces that a mail was sent or given up; listens to every event that has a template.
"""
