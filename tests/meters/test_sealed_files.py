"""Downloads encrypted to the receiver: opened by another library, and by the very lines that the guide gives."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto import jwe, jwk

from webapp.meters.formats import Device
from webapp.meters.kinds import KeyKind
from webapp.meters.sealed_files import (
    LABELS,
    MANAGEMENT,
    Algorithm,
    ReceiverKeyError,
    parse_public_key,
    seal_devices,
    seal_file,
)

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "encrypted-downloads.md"
RSA_KEY = rsa.generate_private_key(65537, 3072)
X25519_KEY = x25519.X25519PrivateKey.generate()
PAIRS = [pytest.param(RSA_KEY, id="rsa"), pytest.param(X25519_KEY, id="x25519")]
DEVICE = Device(
    serial="76348799",
    maker="Kamstrup",
    mbus_maker="KAM",
    mbus_id="76348799",
    keys={KeyKind.OMS_AES128: bytes(range(16))},
)
Private = rsa.RSAPrivateKey | x25519.X25519PrivateKey


def pem(key: object) -> str:
    public = key.public_key()  # type: ignore[attr-defined]
    return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def private_pem(key: Private) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_jwk(key: object) -> str:
    return str(jwk.JWK.from_pem(pem(key).encode()).export_public())


def opened(token: bytes, key: Private) -> jwe.JWE:
    found = jwe.JWE()
    found.deserialize(token.decode(), jwk.JWK.from_pem(private_pem(key)))
    return found


def refused(text: str) -> str:
    with pytest.raises(ReceiverKeyError) as caught:
        parse_public_key(text)
    assert str(caught.value)
    return caught.value.sentence.code


@pytest.mark.feature("K-27")
@pytest.mark.parametrize("key", PAIRS)
def test_a_file_opens_with_the_private_key_and_another_library(key: Private) -> None:
    receiver = parse_public_key(pem(key))
    token = seal_file(receiver, [b"a;b\r\n", b"c;d\r\n"], "text/csv")
    found = opened(token, key)
    assert found.payload == b"a;b\r\nc;d\r\n"
    header = json.loads(found.objects["protected"])
    thumbprint = jwk.JWK.from_pem(pem(key).encode()).thumbprint()
    assert header["kid"] == thumbprint
    assert (header["alg"], header["enc"], header["cty"]) == (
        MANAGEMENT[receiver.algorithm],
        "A256GCM",
        "text/csv",
    )


@pytest.mark.feature("K-27")
@pytest.mark.parametrize("key", PAIRS)
def test_large_files_open_too(key: Private) -> None:
    content = bytes(1 << 20)
    token = seal_file(parse_public_key(pem(key)), [content] * 4, "application/zip")
    assert opened(token, key).payload == content * 4


@pytest.mark.feature("K-27")
@pytest.mark.parametrize("key", PAIRS)
def test_each_device_can_be_a_token_of_its_own(key: Private) -> None:
    receiver = parse_public_key(pem(key))
    lines = [json.loads(line) for line in seal_devices(receiver, [DEVICE, DEVICE])]
    assert [(line["serial"], line["maker"]) for line in lines] == [("76348799", "Kamstrup")] * 2
    assert lines[0]["jwe"] != lines[1]["jwe"]
    device = json.loads(opened(lines[0]["jwe"].encode(), key).payload)
    assert device["keys"] == {"oms_aes128": bytes(range(16)).hex().upper()}


@pytest.mark.feature("K-27")
@pytest.mark.parametrize("key", PAIRS)
def test_nobody_else_opens_it_and_a_change_is_noticed(key: Private) -> None:
    token = seal_file(parse_public_key(pem(key)), [b"secret"], "text/csv")
    stranger: Private = (
        rsa.generate_private_key(65537, 3072)
        if isinstance(key, rsa.RSAPrivateKey)
        else x25519.X25519PrivateKey.generate()
    )
    with pytest.raises(jwe.InvalidJWEData):
        opened(token, stranger)
    parts = token.split(b".")
    parts[3] = bytes([parts[3][0] ^ 1]) + parts[3][1:]
    with pytest.raises(jwe.InvalidJWEData):
        opened(b".".join(parts), key)
    assert b"secret" not in token


@pytest.mark.feature("K-27")
@pytest.mark.parametrize("key", PAIRS)
def test_pem_and_jwk_are_the_same_key(key: Private) -> None:
    from_pem, from_jwk = parse_public_key(pem(key)), parse_public_key(public_jwk(key))
    assert from_pem == from_jwk
    assert parse_public_key("\ufeff \r\n" + pem(key).replace("\n", "\r\n")) == from_pem
    assert from_pem.shown_fingerprint.count(":") == 31


@pytest.mark.feature("K-27")
def test_keys_that_cannot_be_used_are_refused_with_the_reason() -> None:
    assert refused("") == "receiver_empty"
    assert refused("hello") == "receiver_unreadable"
    assert refused("x" * 30_000) == "receiver_unreadable"
    assert refused("{") == "receiver_unreadable"
    assert refused("{}") == "receiver_kind"
    assert refused(private_pem(RSA_KEY).decode()) == "receiver_private"
    assert refused(private_pem(X25519_KEY).decode()) == "receiver_private"
    assert (
        refused("-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----")
        == "receiver_certificate"
    )
    assert refused(pem(X25519_KEY) + pem(X25519_KEY)) == "receiver_set"
    assert refused(pem(rsa.generate_private_key(65537, 2048))) == "receiver_rsa_short"
    assert refused(pem(ec.generate_private_key(ec.SECP256R1()))) == "receiver_kind"
    assert refused(pem(ed25519.Ed25519PrivateKey.generate())) == "receiver_kind"
    assert refused(pem(x448.X448PrivateKey.generate())) == "receiver_kind"


@pytest.mark.feature("K-27")
def test_jwks_that_cannot_be_used_are_refused_with_the_reason() -> None:
    public = json.loads(public_jwk(X25519_KEY))
    private = json.loads(jwk.JWK.from_pem(private_pem(X25519_KEY)).export_private())
    assert refused(json.dumps(private)) == "receiver_private"
    assert refused(json.dumps({"keys": [public, public]})) == "receiver_set"
    assert refused(json.dumps({**public, "use": "sig"})) == "receiver_use"
    assert refused(json.dumps({**public, "x": "AAAA"})) == "receiver_unreadable"
    assert refused(json.dumps({**public, "x": 5})) == "receiver_unreadable"
    assert refused(json.dumps({"kty": "oct", "k": "AAAA"})) == "receiver_kind"
    assert refused(json.dumps({"kty": "RSA", "n": "AQAB"})) == "receiver_unreadable"
    assert refused(public_jwk(rsa.generate_private_key(65537, 2048))) == "receiver_rsa_short"


@pytest.mark.feature("K-27")
@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31)])
def test_keys_that_protect_nothing_are_refused(point: bytes) -> None:
    x = base64.urlsafe_b64encode(point).decode().rstrip("=")
    assert refused(json.dumps({"kty": "OKP", "crv": "X25519", "x": x})) == "receiver_weak"


def test_rsa_with_small_factors_is_refused() -> None:
    numbers = RSA_KEY.public_key().public_numbers()
    n = numbers.n // 3 // 2 * 2 * 3 + 3
    weak = rsa.RSAPublicNumbers(65537, n | 1 << 3071).public_key()
    text = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert n % 3 == 0
    assert refused(text) == "receiver_weak"


@given(
    st.text(max_size=300)
    | st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "n", "e", "use", "keys"]),
        st.text(max_size=9) | st.integers() | st.none(),
    ).map(json.dumps)
)
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_key_or_a_sentence(text: str) -> None:
    assert refused(text)


@pytest.mark.feature("K-27")
@pytest.mark.parametrize("key", PAIRS)
def test_the_guide_opens_what_was_downloaded(key: Private, tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
    receiver = parse_public_key(pem(key))
    (tmp_path / "open_jwe.py").write_text(code)
    (tmp_path / "receiver.pem").write_bytes(private_pem(key))
    (tmp_path / "keys.jwe").write_bytes(seal_file(receiver, [b"Serial;Key\r\n"], "text/csv"))
    (tmp_path / "keys.ndjson").write_bytes(b"".join(seal_devices(receiver, [DEVICE])))

    def run(name: str) -> bytes:
        command = [sys.executable, "open_jwe.py", name]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout

    assert run("keys.jwe") == b"Serial;Key\r\n"
    assert json.loads(run("keys.ndjson"))["serial"] == "76348799"


def test_every_algorithm_has_a_label() -> None:
    assert set(LABELS) == set(Algorithm) == set(MANAGEMENT)
