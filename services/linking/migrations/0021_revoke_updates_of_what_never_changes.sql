-- migrate:up
-- Whose filing account it is, who proved what, who claimed what and which roster it was never changes: the
-- service may update the other columns alone.
REVOKE UPDATE ON filing_accounts, proofs, conflicts, rosters FROM linking;
GRANT UPDATE (name, email, role, verifier_scheme, verifier, roster_digest, loaded_at, login_ended_at, gone_at)
    ON filing_accounts TO linking;
GRANT UPDATE (used_at, died_at) ON proofs TO linking;
GRANT UPDATE (settled_at, decision, settled_by_account_id, remark) ON conflicts TO linking;
GRANT UPDATE (state, ended_at, counts, gone_count) ON rosters TO linking;
-- migrate:down
