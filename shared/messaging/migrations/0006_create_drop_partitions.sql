-- migrate:up
-- Retention is a DROP, one partition a call: the locks are short, and whoever can't have them in time tries again.
-- Partitions carry their time in their names. A day on which an unpublished message was emitted stays, since that
-- message will still be moved there.
CREATE FUNCTION drop_partitions(inbox_before timestamptz, announced_before timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s'
    AS $$
DECLARE
    oldest_unpublished timestamptz := (SELECT min(emitted_at) FROM public.outbox);
    doomed text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_messaging_partitions'));
    SELECT child.relname INTO doomed
      FROM pg_inherits
      JOIN pg_class AS child ON child.oid = inhrelid
     WHERE CASE inhparent
           WHEN 'public.inbox'::regclass
           THEN to_date(right(child.relname, 6), 'YYYYMM') + interval '1 month' <= inbox_before
           WHEN 'public.announced'::regclass
           THEN to_date(right(child.relname, 8), 'YYYYMMDD') + interval '1 day'
                <= least(announced_before, oldest_unpublished)
           ELSE false END
     ORDER BY child.relname
     LIMIT 1;
    IF doomed IS NOT NULL THEN
        EXECUTE format('DROP TABLE public.%I', doomed);
    END IF;
    RETURN doomed;
END $$;

DO $$
BEGIN
    REVOKE ALL ON FUNCTION drop_partitions FROM public;
    EXECUTE format('GRANT EXECUTE ON FUNCTION drop_partitions TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
-- migrate:down
