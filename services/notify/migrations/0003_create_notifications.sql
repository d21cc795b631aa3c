-- migrate:up
-- One row a mail. `event_id` is the message that caused it (its causation id).
CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    event_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    recipient text NOT NULL, -- `account:<id>` or `court:<id>`
    kind text NOT NULL,      -- the template's folder
    mail_class text NOT NULL CHECK (mail_class IN ('security', 'billing', 'service')),
    priority smallint NOT NULL GENERATED ALWAYS AS (
        CASE mail_class WHEN 'security' THEN 0 WHEN 'billing' THEN 1 ELSE 2 END) STORED,
    account_id uuid,
    recipient_name text NOT NULL,
    email text,              -- as it was when the event came; none where it lies sealed
    subject text NOT NULL,
    details jsonb NOT NULL,
    sealed jsonb,            -- secrets by field, readable by this service alone
    expires_at timestamptz,
    state text NOT NULL DEFAULT 'queued',
    reason text,
    attempts integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT clock_timestamp(), -- a claim sets it to the end of its lease
    is_possible_duplicate boolean NOT NULL DEFAULT false,
    queued_at timestamptz NOT NULL,
    sent_at timestamptz,
    UNIQUE (event_id, recipient, kind),
    CHECK (state IN ('queued', 'sending', 'sent', 'abandoned', 'suppressed')),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT unsent_mail_has_an_address
        CHECK (state NOT IN ('queued', 'sending') OR email IS NOT NULL OR sealed IS NOT NULL),
    CONSTRAINT secrets_are_erased_once_settled
        CHECK (state IN ('queued', 'sending') OR sealed IS NULL)
);
CREATE INDEX notifications_to_send ON notifications (priority, not_before) WHERE state IN ('queued', 'sending');
CREATE INDEX notifications_by_account ON notifications (account_id, queued_at DESC);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON notifications TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
-- migrate:down
