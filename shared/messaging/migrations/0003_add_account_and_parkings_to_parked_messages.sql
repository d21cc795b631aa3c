-- migrate:up
-- Whose message it is, where its body says so; how often it was parked, since a redrive settles only what it has
-- seen; and when first, since that is when its id had to be near our clock.
ALTER TABLE parked_messages
    ADD COLUMN account_id uuid,
    ADD COLUMN parkings integer NOT NULL DEFAULT 1,
    ADD COLUMN first_parked_at timestamptz;
-- migrate:down
