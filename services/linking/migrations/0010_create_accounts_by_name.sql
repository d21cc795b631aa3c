-- migrate:up
-- A name as readiness compares it: its first and last word, whatever the case. The search for an account
-- that bears the name of a filing account needs an index on just this.
-- squawk-ignore-file require-concurrent-index-creation
CREATE FUNCTION first_and_last_word(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(lower(btrim(name)), '^(\S+)\s(?:.*\s)?(\S+)$', '\1 \2');

CREATE INDEX accounts_by_name ON accounts (first_and_last_word(first_name || ' ' || last_name), generation)
    WHERE kind = 'individual' AND status <> 'deactivated';
-- migrate:down
