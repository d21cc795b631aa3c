-- migrate:up
-- What staff decided; a conflict without a decision was settled by the end of the holder's link.
ALTER TABLE conflicts
    ADD COLUMN decision text,
    ADD COLUMN settled_by_account_id uuid,
    ADD COLUMN remark text,
    ADD CONSTRAINT decision_is_whole_and_settles CHECK (
        num_nulls(decision, settled_by_account_id, remark) = 3
        OR (num_nulls(decision, settled_by_account_id, remark, settled_at) = 0
            AND decision IN ('keep_holder', 'unlink_holder') AND remark <> '' AND length(remark) <= 2000)
    ) NOT VALID;
-- migrate:down
