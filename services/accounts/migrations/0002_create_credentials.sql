-- migrate:up
-- How somebody proves who they are. No weak hash rests here: a fast one is wrapped in argon2id.
CREATE TABLE credentials (
    account_id uuid PRIMARY KEY REFERENCES accounts (id),
    scheme text NOT NULL CHECK (scheme IN ('argon2id', 'argon2id_of_sha256')),
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    changed_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON credentials TO accounts;

-- The recent attempts that did not succeed, and the lock that follows; passwords and passcodes apart.
CREATE TABLE guards (
    account_id uuid NOT NULL REFERENCES accounts (id),
    kind text NOT NULL CHECK (kind IN ('password', 'passcode')),
    attempts timestamptz[] NOT NULL,
    locked_until timestamptz,
    PRIMARY KEY (account_id, kind)
);
GRANT SELECT, INSERT, UPDATE ON guards TO accounts;

-- Authenticators (TOTP); the secret is encrypted and bound to its row. One may wait to be confirmed.
CREATE TABLE authenticators (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id),
    name text NOT NULL,
    name_key text NOT NULL,
    secret bytea NOT NULL,
    last_step bigint NOT NULL,
    confirmed_at timestamptz
);
CREATE UNIQUE INDEX one_offered_authenticator ON authenticators (account_id) WHERE confirmed_at IS NULL;
CREATE UNIQUE INDEX one_authenticator_of_a_name ON authenticators (account_id, name_key) WHERE confirmed_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON authenticators TO accounts;

-- Who is a filer: links that `linking` announced, which may arrive in any order.
CREATE TABLE filing_links (
    link_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    unlinked_at timestamptz
);
CREATE INDEX filing_links_in_force ON filing_links (account_id) WHERE unlinked_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON filing_links TO accounts;
-- migrate:down
