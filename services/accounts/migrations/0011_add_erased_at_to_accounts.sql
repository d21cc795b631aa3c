-- migrate:up
-- An erased account keeps its id and its number, which is not given twice; its user names stay taken by their
-- hashes alone, without a word on whose they were.
CREATE TABLE taken_user_names (
    name_hash bytea PRIMARY KEY CHECK (length(name_hash) = 32)
);
GRANT SELECT, INSERT ON taken_user_names TO accounts;

ALTER TABLE accounts
    ADD COLUMN erased_at timestamptz,
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT accounts_check2,
    ADD CONSTRAINT date_of_birth_is_known CHECK (
        date_of_birth IS NOT NULL OR generation = 'legacy' OR erased_at IS NOT NULL) NOT VALID,
    ADD CONSTRAINT nothing_is_known_of_an_erased_account CHECK (
        erased_at IS NULL
        OR (status = 'deactivated' AND legacy_user_name_key IS NULL AND NOT is_email_verified
            AND date_of_birth IS NULL AND user_name = '' AND user_name_key = 'erased ' || id
            AND concat(first_name, last_name, name_key, email, email_key, address, city, state, postal_code,
                       county, phone, user_type) = '')) NOT VALID;
-- migrate:down
