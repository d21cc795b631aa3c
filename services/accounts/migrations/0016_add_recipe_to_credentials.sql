-- migrate:up
-- By which recipe (tag, iterations, salt) a password becomes the digest that argon2id wraps.
ALTER TABLE credentials ADD COLUMN recipe text NOT NULL DEFAULT '';
-- squawk-ignore ban-drop-constraint
ALTER TABLE credentials DROP CONSTRAINT credentials_scheme_check;
ALTER TABLE credentials ADD CONSTRAINT credentials_scheme_check
    CHECK (scheme IN ('argon2id', 'argon2id_of_sha256', 'argon2id_of_digest')) NOT VALID;
ALTER TABLE credentials ADD CONSTRAINT credentials_recipe_check
    CHECK ((scheme = 'argon2id_of_digest') = (recipe <> '')) NOT VALID;
-- migrate:down
