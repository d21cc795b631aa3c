-- migrate:up
-- Our copy of the accounts' public state. An erased account keeps its id and nothing else.
CREATE TABLE accounts (
    account_id uuid PRIMARY KEY,
    version integer NOT NULL,
    account_number text NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('individual', 'paa')),
    generation text NOT NULL CHECK (generation IN ('legacy', 'upgraded')),
    status text NOT NULL
        CHECK (status IN ('pending_verification', 'held_for_review', 'active', 'locked', 'deactivated')),
    email_verified boolean NOT NULL,
    is_search_active boolean NOT NULL,
    has_second_factor boolean NOT NULL,
    erased_at timestamptz,
    CHECK (erased_at IS NULL
           OR (account_number = '' AND first_name = '' AND last_name = '' AND status = 'deactivated'))
);

GRANT SELECT, INSERT, UPDATE ON accounts TO linking;
-- migrate:down
