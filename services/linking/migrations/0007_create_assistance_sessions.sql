-- migrate:up
-- Where a court helps people with upgrading, and who has a place there. `booked_count` counts the open
-- bookings, so that the capacity holds whatever the code does.
CREATE TABLE assistance_sessions (
    id uuid PRIMARY KEY,
    court_id text NOT NULL REFERENCES courts (id),
    starts_at timestamptz NOT NULL,
    place text NOT NULL CHECK (length(place) BETWEEN 1 AND 200),
    capacity integer NOT NULL CHECK (capacity BETWEEN 1 AND 500),
    booked_count integer NOT NULL DEFAULT 0,
    cancelled_at timestamptz,
    UNIQUE (id, court_id),
    CONSTRAINT no_more_bookings_than_places CHECK (booked_count BETWEEN 0 AND capacity),
    CONSTRAINT nobody_is_booked_where_nothing_happens CHECK (cancelled_at IS NULL OR booked_count = 0)
);
CREATE INDEX assistance_sessions_of_a_court ON assistance_sessions (court_id, starts_at) WHERE cancelled_at IS NULL;

GRANT SELECT, INSERT ON assistance_sessions TO linking;
GRANT UPDATE (starts_at, place, capacity, booked_count, cancelled_at) ON assistance_sessions TO linking;

-- An open booking ends by its holder, by the court, by erasure of the account, or by time: when its holder books
-- again after the session has begun.
CREATE TABLE bookings (
    id uuid PRIMARY KEY,
    assistance_session_id uuid NOT NULL,
    court_id text NOT NULL,
    account_id uuid NOT NULL,
    booked_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text CHECK (ended_by IN ('holder', 'court', 'erasure', 'time')),
    FOREIGN KEY (assistance_session_id, court_id) REFERENCES assistance_sessions (id, court_id),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX one_open_booking_for_an_account_and_court ON bookings (account_id, court_id)
    WHERE ended_at IS NULL;
CREATE INDEX bookings_of_an_account ON bookings (account_id);
CREATE INDEX bookings_of_an_assistance_session ON bookings (assistance_session_id) WHERE ended_at IS NULL;

GRANT SELECT, INSERT ON bookings TO linking;
GRANT UPDATE (ended_at, ended_by) ON bookings TO linking;
-- migrate:down
