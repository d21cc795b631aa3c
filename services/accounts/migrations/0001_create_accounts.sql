-- migrate:up
-- Who somebody is. Rows are never deleted, so that no number and no legacy user name is given twice.
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    account_number text NOT NULL UNIQUE CHECK (account_number ~ '^[0-9]{7}$'),
    version bigint NOT NULL CHECK (version > 0),
    kind text NOT NULL CHECK (kind IN ('individual', 'paa')),
    generation text NOT NULL CHECK (generation IN ('legacy', 'upgraded')),
    status text NOT NULL
        CHECK (status IN ('pending_verification', 'held_for_review', 'active', 'locked', 'deactivated')),
    is_shared boolean NOT NULL CHECK (NOT is_shared OR (generation = 'legacy' AND kind = 'individual')),
    user_name text NOT NULL,
    user_name_key text NOT NULL UNIQUE,
    legacy_user_name_key text UNIQUE CHECK (legacy_user_name_key IS NOT NULL OR generation = 'upgraded'),
    first_name text NOT NULL,
    last_name text NOT NULL,
    name_key text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    is_email_verified boolean NOT NULL,
    date_of_birth date CHECK (date_of_birth IS NOT NULL OR generation = 'legacy'),
    address text NOT NULL,
    city text NOT NULL,
    state text NOT NULL,
    postal_code text NOT NULL,
    county text NOT NULL,
    phone text NOT NULL,
    user_type text NOT NULL,
    is_search_active boolean NOT NULL CHECK (NOT is_search_active OR (status = 'active' AND kind = 'individual')),
    has_second_factor boolean NOT NULL,
    is_factor_announced boolean NOT NULL,
    factor_skips_used integer NOT NULL CHECK (factor_skips_used >= 0),
    created_at timestamptz NOT NULL,
    upgraded_at timestamptz,
    deactivated_at timestamptz CHECK ((status = 'deactivated') = (deactivated_at IS NOT NULL)),
    CHECK (status <> 'active' OR is_email_verified OR generation = 'legacy')
);
CREATE INDEX accounts_by_email ON accounts (email_key);
CREATE INDEX accounts_by_name_and_birth ON accounts (name_key, date_of_birth);
GRANT SELECT, INSERT, UPDATE ON accounts TO accounts;

-- One-time tokens that prove an e-mail address, by their hash.
CREATE TABLE email_verifications (
    token_hash bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id),
    email text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE UNIQUE INDEX one_open_verification ON email_verifications (account_id) WHERE closed_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON email_verifications TO accounts;
-- migrate:down
