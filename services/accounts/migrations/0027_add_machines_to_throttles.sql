-- migrate:up
-- Credentials of courts that a network has guessed are counted apart from its sign-ins.
ALTER TABLE throttles DROP CONSTRAINT throttles_scope_check;
ALTER TABLE throttles ADD CONSTRAINT throttles_scope_check CHECK (scope IN ('network', 'all', 'machine')) NOT VALID;
ALTER TABLE throttles VALIDATE CONSTRAINT throttles_scope_check;
-- migrate:down
