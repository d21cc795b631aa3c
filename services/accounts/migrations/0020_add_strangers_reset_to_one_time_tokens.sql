-- migrate:up
-- The link that stops a reset of a factor which a stranger enrolled: nothing but it and PSC does.
ALTER TABLE one_time_tokens
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT one_time_tokens_purpose_check,
    ADD CONSTRAINT one_time_tokens_purpose_check CHECK (
        purpose IN ('unlock', 'recovery', 'email_change', 'email_undo', 'factor_reset_stop',
                    'strangers_reset_stop', 'erasure_stop'))
        NOT VALID;
-- migrate:down
