-- migrate:up
-- The row's own id tells a message parked again from another one: two may share a message id that their sender
-- made badly, and neither may hide the other.
-- squawk-ignore ban-drop-constraint
ALTER TABLE parked_messages DROP CONSTRAINT parked_messages_queue_message_id_reason_key;
-- migrate:down
