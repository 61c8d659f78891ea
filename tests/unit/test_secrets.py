"""The keys of a deployment: made once, kept, and nobody else's to read."""

import stat
from pathlib import Path

import orjson
import pytest

from chassis.clock import utc_now
from chassis.field_cipher import FieldCipher
from chassis.identity import TokenVerifier
from infra.local.secrets import Secrets
from services.volunteer.people.domain import Member
from services.volunteer.people.tokens import TokenIssuer


def test_the_file_of_keys_is_its_owners_alone(tmp_path: Path) -> None:
    Secrets.kept_in(tmp_path / "data")
    mode = (tmp_path / "data/secrets.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_the_keys_of_a_folder_stay_the_same_and_those_of_another_differ(tmp_path: Path) -> None:
    first = Secrets.kept_in(tmp_path / "one")
    assert Secrets.kept_in(tmp_path / "one") == first
    other = Secrets.kept_in(tmp_path / "two")
    assert not set(vars(first).values()) & set(vars(other).values())


def test_a_folder_of_an_earlier_release_keeps_its_keys_and_gets_those_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    first = Secrets.kept_in(tmp_path)
    older = {name: value for name, value in vars(first).items() if name != "ballot_key"}
    file.write_bytes(orjson.dumps(older))
    completed = Secrets.kept_in(tmp_path)
    assert {**vars(completed), **older} == vars(completed)
    assert completed.ballot_key not in ("", first.ballot_key)
    assert Secrets.kept_in(tmp_path) == completed
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_whoever_dies_over_writing_the_keys_leaves_those_that_were_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise SystemExit("killed")

    def interrupted() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", die)
            with pytest.raises(SystemExit):
                Secrets.kept_in(tmp_path)

    interrupted()
    first = Secrets.kept_in(tmp_path)
    older = {name: value for name, value in vars(first).items() if name != "ballot_key"}
    (tmp_path / "secrets.json").write_bytes(orjson.dumps(older))
    interrupted()
    assert orjson.loads((tmp_path / "secrets.json").read_bytes()) == older


def test_what_is_signed_with_the_key_is_good_by_the_public_side_and_that_holds_no_secret() -> None:
    keys = Secrets.new()
    member = Member("M", "13900000101", None, ())
    token = TokenIssuer(keys.token_signing_key, "1", utc_now).issue(member)
    assert TokenVerifier(keys.jwks()).actor(token).member_id == "M"
    (published,) = orjson.loads(keys.jwks())["keys"]
    assert "d" not in published
    assert keys.token_signing_key not in keys.jwks()


def test_a_personal_field_is_sealed_differently_each_time_and_found_by_its_fingerprint() -> None:
    cipher, other = FieldCipher(Secrets.new().field_key), FieldCipher(Secrets.new().field_key)
    phone = "13900000101"
    assert cipher.decrypt(cipher.encrypt(phone)) == phone
    assert cipher.encrypt(phone) != cipher.encrypt(phone)
    assert cipher.fingerprint(phone) == cipher.fingerprint(phone)
    assert cipher.fingerprint(phone) != other.fingerprint(phone)
    assert phone not in cipher.fingerprint(phone)
