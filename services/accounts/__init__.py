"""Accounts: who somebody is.

Owns identities, credentials, second factors, sessions, roles and the security history. Accepts registering,
verifying, upgrading, signing in, enrolling, granting; resolves sessions into assertions. Announces the public
state of each account, its contact, and what happened to its security.
"""
