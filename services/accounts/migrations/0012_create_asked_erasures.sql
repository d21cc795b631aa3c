-- migrate:up
-- Erasures that were asked for, until they are final or taken back, and what the account goes back to then.
CREATE TABLE asked_erasures (
    account_id uuid PRIMARY KEY REFERENCES accounts (id),
    asked_at timestamptz NOT NULL,
    final_at timestamptz NOT NULL CHECK (final_at > asked_at),
    status text NOT NULL CHECK (status IN ('active', 'held_for_review')),
    is_search_active boolean NOT NULL
);
GRANT SELECT, INSERT, DELETE ON asked_erasures TO accounts;

ALTER TABLE one_time_tokens
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT one_time_tokens_purpose_check,
    ADD CONSTRAINT one_time_tokens_purpose_check CHECK (
        purpose IN ('unlock', 'recovery', 'email_change', 'email_undo', 'factor_reset_stop', 'erasure_stop'))
        NOT VALID;

GRANT DELETE ON credentials, guards, sessions, known_networks, email_verifications, one_time_tokens, former_user_names
    TO accounts;

-- The chain covers a hash of salt and content, so that it verifies without them. The service itself can't
-- change the history, and through this only that of an account that is erased.
CREATE FUNCTION blank_history(erased uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE public.history SET salt = NULL, content = NULL
     WHERE account_id = erased
       AND EXISTS (SELECT FROM public.accounts WHERE id = erased AND erased_at IS NOT NULL)
$$;
REVOKE ALL ON FUNCTION blank_history FROM public;
GRANT EXECUTE ON FUNCTION blank_history TO accounts;
-- migrate:down
