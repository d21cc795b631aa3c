-- migrate:up
-- A role may be given until an instant. `ended_at` is when it was taken, or, once its time was over, that time.
ALTER TABLE role_grants ADD COLUMN ends_at timestamptz CHECK (ends_at > granted_at);
-- migrate:down
