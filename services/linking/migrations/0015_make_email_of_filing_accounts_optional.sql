-- migrate:up
-- A filing account that a court made on request has no address until a roster gives it one, and a verifier that
-- no password fits. Every reader of `email` is of this release.
-- squawk-ignore ban-drop-not-null
ALTER TABLE filing_accounts ALTER COLUMN email DROP NOT NULL;
-- migrate:down
