-- migrate:up
CREATE TABLE invitations (
    invitation_id uuid PRIMARY KEY,
    paa_id uuid NOT NULL REFERENCES firms,
    account_id uuid NOT NULL REFERENCES accounts,
    invited_by uuid NOT NULL,
    remark text NOT NULL,
    invited_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > invited_at),
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'withdrawn', 'expired')),
    settled_at timestamptz,
    CHECK ((state = 'open') = (settled_at IS NULL))
);
-- Asked once at a time.
CREATE UNIQUE INDEX one_open_invitation ON invitations (paa_id, account_id) WHERE state = 'open';
CREATE INDEX invitations_by_account ON invitations (account_id);

-- The time in which a firm pays for a person: from `joined_at` on, up to but without `left_at`.
CREATE TABLE memberships (
    membership_id uuid PRIMARY KEY,
    paa_id uuid NOT NULL REFERENCES firms,
    account_id uuid NOT NULL REFERENCES accounts,
    invitation_id uuid NOT NULL UNIQUE REFERENCES invitations,
    joined_at timestamptz NOT NULL,
    left_at timestamptz,
    ended_by text CHECK (ended_by IN ('person', 'firm', 'deactivation')),
    remark text,
    period tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(joined_at, left_at, '[)')) STORED,
    CHECK ((left_at IS NULL) = (ended_by IS NULL)),
    -- Two firms can never pay for one person at the same instant.
    CONSTRAINT one_payer_at_a_time EXCLUDE USING gist (account_id WITH =, period WITH &&)
);
CREATE INDEX memberships_by_firm ON memberships (paa_id);

GRANT SELECT, INSERT ON invitations, memberships TO paa_billing;
GRANT UPDATE (state, settled_at, remark) ON invitations TO paa_billing;
GRANT UPDATE (left_at, ended_by, remark) ON memberships TO paa_billing;
-- migrate:down
