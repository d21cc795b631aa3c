-- migrate:up
-- Without a body: it named an account that was erased. Such a message is traced, and no longer replayed.
-- squawk-ignore ban-drop-not-null
ALTER TABLE announced ALTER COLUMN body DROP NOT NULL;
-- migrate:down
