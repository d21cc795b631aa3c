-- migrate:up
ALTER TABLE firm_looks
    VALIDATE CONSTRAINT firm_looks_kind_is_known,
    VALIDATE CONSTRAINT a_look_at_uses_names_a_quarter;
-- migrate:down
