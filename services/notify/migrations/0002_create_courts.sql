-- migrate:up
-- Courts as linking announced them: what their mail says, and where it goes.
CREATE TABLE courts (
    court_id text PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    help_desk text NOT NULL,
    contact_email text NOT NULL
);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON courts TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
-- migrate:down
