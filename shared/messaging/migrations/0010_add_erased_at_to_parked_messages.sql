-- migrate:up
-- Body and headers went because they named an account that was erased.
ALTER TABLE parked_messages ADD COLUMN erased_at timestamptz CHECK (erased_at IS NULL OR body IS NULL);
-- migrate:down
