"""Keys, serials, addresses, QR codes, deposited public keys, the master key."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l

SENTENCES: Final = {
    "key_empty": _l("%(kind)s is missing."),
    "key_not_hex": _l(
        "%(kind)s holds something other than the digits 0 to 9 and A to F at place %(place)s."
    ),
    "key_length": _l("%(kind)s has %(digits)s hexadecimal digits; it needs %(needed)s."),
    "serial_empty": _l("The serial number is missing."),
    "serial_characters": _l(
        "“%(serial)s” is no serial number: only letters A to Z, digits and hyphens are allowed."
    ),
    "serial_long": _l("“%(serial)s” has more than 32 characters."),
    "eui": _l("“%(text)s” is no %(name)s: it needs 16 hexadecimal digits."),
    "dev_addr": _l("“%(text)s” is no DevAddr: it needs 8 hexadecimal digits."),
    "mbus_maker": _l("“%(text)s” is no maker's code: it needs three letters."),
    "mbus_id": _l("“%(text)s” is no M-Bus number: it needs up to 8 digits."),
    "mbus_byte": _l("“%(text)s” is no %(name)s: it needs two hexadecimal digits."),
    "lorawan_version": _l("“%(text)s” is no LoRaWAN version, such as 1.0.3 or 1.1.0."),
    "tr005_prefix": _l("This is no LoRa Alliance code: it must begin with “LW:D0:”."),
    "tr005_parts": _l(
        "The code is cut off: after “LW:D0:” it needs JoinEUI, DevEUI and profile, with colons between."
    ),
    "tr005_profile": _l("The profile in the code needs 8 hexadecimal digits."),
    "tr005_long": _l("The code is longer than a LoRa Alliance code can be."),
    "master_none": _l("There is no master key."),
    "master_line": _l(
        "Line %(line)s of the master keys is unreadable: it must be an id, a space, "
        "and 64 hexadecimal digits or 44 characters of base64."
    ),
    "master_weak": _l(
        "The master key “%(id)s” is not random: make one with “openssl rand -hex 32”."
    ),
    "master_twice": _l("The master key “%(id)s” is there twice."),
    "master_unknown": _l("The master key “%(id)s” is not in the ring."),
    "master_wrong": _l("The master key “%(id)s” is not the one that was used."),
    "value_sealed": _l("The stored value does not open: it was changed or belongs elsewhere."),
    "receiver_empty": _l("Paste a public key, or choose its file."),
    "receiver_private": _l(
        "This is a private key. Keep it to yourself, and deposit the public key that belongs to it."
    ),
    "receiver_certificate": _l(
        "This is a certificate. Deposit the public key itself: "
        "“openssl x509 -pubkey -noout -in certificate.pem”."
    ),
    "receiver_unreadable": _l("This is no public key in PEM or JWK form."),
    "receiver_set": _l("This is a set of %(count)s keys. Deposit one key alone."),
    "receiver_rsa_short": _l("This RSA key has %(bits)s bits; it needs at least 3072."),
    "receiver_rsa_long": _l("This RSA key has %(bits)s bits; at most 16384 can be used."),
    "receiver_kind": _l(
        "Keys of the kind “%(kind)s” can't be used. Deposit an RSA key of 3072 bits or more, or an X25519 key."
    ),
    "receiver_use": _l("This key says of itself that it is not for encryption (“use”)."),
    "receiver_weak": _l(
        "This public key is broken: whatever is encrypted to it can be read by anybody."
    ),
}
