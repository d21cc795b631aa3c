-- migrate:up
-- Courts and the instant from which only PACER logins file there. The two flags say whose word the go-live
-- and the contact are: what a court has set, the shipped file never overwrites.
CREATE TABLE courts (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{2,8}$'),
    cmecf_code text NOT NULL UNIQUE CHECK (length(cmecf_code) BETWEEN 1 AND 20),
    type text NOT NULL CHECK (type IN ('appellate', 'appellate_bap', 'bankruptcy', 'district', 'national')),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    time_zone text NOT NULL,
    go_live_at timestamptz,
    help_desk text NOT NULL CHECK (length(help_desk) <= 200),
    contact_email text NOT NULL CHECK (length(contact_email) <= 254),
    version integer NOT NULL CHECK (version > 0),
    is_go_live_set_by_court boolean NOT NULL,
    is_contact_set_by_court boolean NOT NULL,
    CHECK (go_live_at IS NOT NULL OR NOT is_go_live_set_by_court)
);

GRANT SELECT, INSERT, UPDATE ON courts TO linking;
-- migrate:down
