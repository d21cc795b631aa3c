-- migrate:up
-- The last entry of each account's history: a chain whose end was cut off would verify by itself. A head only
-- moves on to the entry that follows it, so that a cut shows however much is added afterwards. The service
-- itself can't write here.
CREATE TABLE history_heads (
    account_id uuid PRIMARY KEY REFERENCES accounts (id),
    sequence bigint NOT NULL,
    entry_hash bytea NOT NULL
) WITH (fillfactor = 80);
GRANT SELECT ON history_heads TO accounts;

INSERT INTO history_heads (account_id, sequence, entry_hash)
SELECT DISTINCT ON (account_id) account_id, sequence, entry_hash
  FROM history
 ORDER BY account_id, sequence DESC;

CREATE FUNCTION move_history_head() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    INSERT INTO public.history_heads AS head (account_id, sequence, entry_hash)
    VALUES (NEW.account_id, NEW.sequence, NEW.entry_hash)
    ON CONFLICT (account_id) DO UPDATE SET sequence = excluded.sequence, entry_hash = excluded.entry_hash
     WHERE head.sequence = NEW.sequence - 1 AND head.entry_hash = NEW.previous_hash;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION move_history_head FROM public;
CREATE TRIGGER history_head_moves AFTER INSERT ON history FOR EACH ROW EXECUTE FUNCTION move_history_head();
-- migrate:down
