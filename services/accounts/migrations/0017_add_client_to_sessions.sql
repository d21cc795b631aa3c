-- migrate:up
-- What a program that signed in named: the client code for its searches, and whether it may search at all.
ALTER TABLE sessions
    ADD COLUMN client_code text NOT NULL DEFAULT ''
        CONSTRAINT sessions_client_code_check CHECK (length(client_code) <= 32),
    ADD COLUMN serves_search boolean NOT NULL DEFAULT true;
-- migrate:down
