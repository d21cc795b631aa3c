-- migrate:up
-- Accounts that were erased, and how far the search for what messages say of them has come: place after place,
-- each in the order of its keys. `terms` is what bodies are searched for; it goes with the end of the search.
CREATE TABLE erasures (
    account_id uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL,
    terms text[] NOT NULL,
    kept_types text[] NOT NULL,
    place text NOT NULL DEFAULT 'outbox',
    after_queue text NOT NULL DEFAULT '',
    after_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (place IN ('outbox', 'announced', 'inbox', 'parked_messages', 'done')),
    CHECK (place <> 'done' OR terms = '{}')
);
CREATE INDEX erasures_under_way ON erasures (not_before) WHERE place <> 'done';

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON erasures TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
-- migrate:down
