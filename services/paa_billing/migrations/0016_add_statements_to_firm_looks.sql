-- migrate:up
-- Whoever is given a statement's files has looked at all uses on it. Validated by the next migration: these allow
-- what the old ones did, and more.
ALTER TABLE firm_looks
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT firm_looks_kind_check,
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT firm_looks_check,
    ADD CONSTRAINT firm_looks_kind_is_known CHECK (kind IN ('usage', 'statement', 'members')) NOT VALID,
    ADD CONSTRAINT a_look_at_uses_names_a_quarter CHECK ((kind = 'members') = (quarter IS NULL)) NOT VALID;
-- migrate:down
