"""Password verifiers of files: which are known, and the digests of fast ones."""

import base64
import hashlib

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.verifiers import Argon2id, Digest, VerifierError, digest_of, read_verifier

SALT, HASH = "c29tZXNhbHRzb21l", "A" * 43
OF_32_BYTES = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize("tag", ["md5", "sha1", "sha256", "sha512"])
@pytest.mark.parametrize("salt", ["", "Xy7.!/"])
def test_a_fast_hash_is_its_recipe_and_its_digest_whatever_the_case(tag: str, salt: str) -> None:
    digits = hashlib.new(tag, f"{salt}Tulip7!".encode()).hexdigest()
    recipe = f"{tag}${salt}" if salt else tag

    found = read_verifier(f"{recipe}${digits.upper()}")

    assert found == Digest(recipe=recipe, hexadecimal=digits)
    assert digest_of(recipe, b"Tulip7!") == digits
    assert digest_of(recipe, b"Tulip8!") != digits


@pytest.mark.parametrize(
    ("iterations", "digits"),
    [
        # The vectors of RFC 6070 with SHA-256 in SHA-1's place, as RFC 7914 and others print them.
        (1, "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"),
        (4096, "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"),
    ],
)
def test_pbkdf2_makes_the_digests_that_are_published(iterations: int, digits: str) -> None:
    encoded = base64.b64encode(bytes.fromhex(digits)).decode()

    found = read_verifier(f"pbkdf2_sha256${iterations}$salt${encoded}")

    assert found == Digest(recipe=f"pbkdf2_sha256${iterations}$salt", hexadecimal=digits)
    assert digest_of(f"pbkdf2_sha256${iterations}$salt", b"password") == digits


def test_an_argon2id_string_says_what_it_costs() -> None:
    phc = argon2.PasswordHasher(time_cost=3, memory_cost=64, parallelism=2).hash("x")

    assert read_verifier(phc) == Argon2id(phc=phc, memory_kib=64, passes=3, lanes=2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "begins with none"),
        ("ab" * 32, "begins with none"),
        ("crc32$" + "ab" * 4, "begins with none"),
        ("$2b$12$" + "a" * 53, "begins with none"),
        ("sha256$" + "ab" * 31, "64 hexadecimal digits"),
        ("sha256$" + "xy" * 32, "64 hexadecimal digits"),
        ("sha1$" + "ab" * 32, "40 hexadecimal digits"),
        ("sha1$salt$", "40 hexadecimal digits"),
        ("sha1$$" + "ab" * 20, "salt"),
        ("sha1$two$salts$" + "ab" * 20, "salt"),
        ("sha1$" + "s" * 65 + "$" + "ab" * 20, "salt"),
        ("sha1$sält$" + "ab" * 20, "salt"),
        (f"pbkdf2_sha256$1$salt{OF_32_BYTES}", "is not pbkdf2_sha256"),
        (f"pbkdf2_sha256$0$salt${OF_32_BYTES}", "iterations"),
        (f"pbkdf2_sha256$1000001$salt${OF_32_BYTES}", "iterations"),
        (f"pbkdf2_sha256$٣$salt${OF_32_BYTES}", "iterations"),
        (f"pbkdf2_sha256$1$$${OF_32_BYTES}", "is not pbkdf2_sha256"),
        (f"pbkdf2_sha256$1$a b${OF_32_BYTES}", "salt"),
        (f"pbkdf2_sha256$1$salt${OF_32_BYTES[:20]}", "32 bytes"),
        ("pbkdf2_sha256$1$salt$ää", "32 bytes"),
        (f"$argon2id$v=19$m=64,t=1,p=9${SALT}${HASH}", "complete argon2id"),
        (f"$argon2id$v=19$m=64,t=0,p=1${SALT}${HASH}", "complete argon2id"),
        (f"$argon2id$v=19$m=64,t=1,p=0${SALT}${HASH}", "complete argon2id"),
        (f"$argon2id$v=19$m=64,t=1,p=1$c29${HASH}", "complete argon2id"),
        (f"$argon2id$v=19$m=64,t=1,p=1${SALT}$AAAA", "complete argon2id"),
        (f"$argon2i$v=19$m=64,t=1,p=1${SALT}${HASH}", "complete argon2id"),
        ("$argon2id$nonsense", "complete argon2id"),
    ],
)
def test_what_is_no_verifier_is_told_why_and_not_shown(text: str, problem: str) -> None:
    with pytest.raises(VerifierError, match=problem) as caught:
        read_verifier(text)

    assert len(text) < 30 or text not in caught.value.problem


@pytest.mark.parametrize(
    ("recipe", "is_of_nothing"),
    [("md5", True), ("sha512$salt", True), ("pbkdf2_sha256$1$salt", False)],
)
def test_a_fast_digest_of_an_empty_password_is_seen(recipe: str, is_of_nothing: bool) -> None:
    assert Digest(recipe=recipe, hexadecimal=digest_of(recipe, b"")).is_of_nothing is is_of_nothing
    assert not Digest(recipe=recipe, hexadecimal=digest_of(recipe, b"x")).is_of_nothing


@given(
    some.text(max_size=80),
    some.sampled_from(["", "sha1$", "pbkdf2_sha256$", "pbkdf2_sha256$9$s$", "$argon2id$"]),
)
def test_any_text_is_either_a_verifier_or_not(text: str, beginning: str) -> None:
    try:
        found = read_verifier(beginning + text)
    except VerifierError as error:
        assert error.problem
    else:
        assert isinstance(found, Argon2id | Digest)


def test_nothing_that_a_password_could_be_guessed_by_is_printed() -> None:
    fast = Digest(recipe="sha1", hexadecimal="ab" * 20)
    slow = read_verifier(f"$argon2id$v=19$m=64,t=1,p=1${SALT}${HASH}")

    assert "abab" not in repr(fast)
    assert HASH not in repr(slow)
