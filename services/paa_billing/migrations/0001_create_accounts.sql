-- migrate:up
-- Trusted: the owner of a database may make it.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- The copy of what `accounts` announces; a higher version replaces a lower one.
CREATE TABLE accounts (
    account_id uuid PRIMARY KEY,
    version integer NOT NULL,
    account_number text NOT NULL UNIQUE CHECK (account_number ~ '^[0-9]{7}$'),
    first_name text NOT NULL,
    last_name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('individual', 'paa')),
    generation text NOT NULL CHECK (generation IN ('legacy', 'upgraded')),
    status text NOT NULL
        CHECK (status IN ('pending_verification', 'held_for_review', 'active', 'locked', 'deactivated')),
    is_search_active boolean NOT NULL,
    has_second_factor boolean NOT NULL
);

-- Which accounts file somewhere: a firm sees yes or no of its members.
CREATE TABLE filing_links (
    link_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    is_unlinked boolean NOT NULL
);
CREATE INDEX filing_links_by_account ON filing_links (account_id);

GRANT SELECT, INSERT, UPDATE ON accounts, filing_links TO paa_billing;
-- migrate:down
