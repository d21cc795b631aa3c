-- migrate:up
-- Whom a mail is about beside whom it goes to, as a firm's new member: what it says of them goes with their account.
ALTER TABLE notifications ADD COLUMN concerned_ids uuid[] NOT NULL DEFAULT '{}';
-- migrate:down
