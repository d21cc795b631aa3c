-- migrate:up
-- Credentials of courts that a network has guessed are counted apart from its sign-ins. The release before writes
-- none of them, and of what it reads they are rows of subjects that it doesn't ask for.
ALTER TABLE throttles
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT throttles_scope_check,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT throttles_scope_check CHECK (scope IN ('network', 'all', 'machine'));
-- migrate:down
