-- migrate:up
-- User names that were given up; no row is ever deleted, so that none is given to somebody else.
CREATE TABLE former_user_names (
    user_name_key text PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id),
    given_up_at timestamptz NOT NULL
);
CREATE INDEX former_user_names_by_account ON former_user_names (account_id);
GRANT SELECT, INSERT ON former_user_names TO accounts;
-- migrate:down
