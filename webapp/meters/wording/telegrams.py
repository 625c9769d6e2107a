"""What telegrams are told apart by, and why one can't be read."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l

SENTENCES: Final = {
    "telegram_empty": _l("Paste a telegram, or choose a file with one."),
    "telegram_long": _l("This is too long for a telegram: at most %(most)s characters."),
    "telegram_unreadable": _l("This is neither hexadecimal nor base64."),
    "telegram_short": _l("This is too short for a telegram: %(bytes)s bytes."),
    "telegram_cut": _l(
        "The telegram is cut off: its first byte announces %(announced)s bytes, %(bytes)s are there."
    ),
    "telegram_over": _l(
        "The telegram is too long: its first byte announces %(announced)s bytes, %(bytes)s are there."
    ),
    "telegram_crc": _l(
        "Block %(block)s was received damaged: its check sum is wrong. Record another telegram."
    ),
    "telegram_wired": _l(
        "This is a telegram of the wired M-Bus, which is not encrypted. Paste a wireless one."
    ),
    "telegram_header": _l("The telegram ends within its header."),
    "telegram_ell_crc": _l(
        "The telegram was received damaged: the check sum of its content is wrong."
    ),
    "lorawan_join_accept": _l(
        "This is a LoRaWAN join accept, which does not say for which device it is. Paste a join request."
    ),
    "lorawan_other": _l("This LoRaWAN message does not name its device. Paste a join request."),
    "opens": _l("The key opens the telegram."),
    "opens_join": _l("The key signed this join request."),
    "wrong_key": _l("This key does not open the telegram."),
    "wrong_key_join": _l("This key did not sign the join request."),
    "wrong_mac": _l("This key does not open the telegram: its signature does not fit."),
    "key_size": _l("The telegram needs a key of %(needed)s bytes; this one has %(bytes)s."),
    "not_encrypted": _l("The telegram is not encrypted: it says nothing about the key."),
    "mode_unsupported": _l("Security mode %(mode)s can't be checked here; 0, 2, 4, 5 and 7 can."),
    "ell_mode_unsupported": _l("Encryption %(mode)s of the link layer can't be checked here."),
    "ci_unsupported": _l("The content (control information %(ci)s) is the maker's own."),
    "afl_missing": _l("Security mode 7 without a message counter can't be checked."),
    "afl_fragment": _l(
        "This is one part of a message in several parts; only whole messages can be checked."
    ),
    "afl_mac": _l("The kind of signature %(type)s can't be checked here."),
    "kdf_unsupported": _l("The key derivation %(kdf)s can't be checked here."),
    "blocks_missing": _l(
        "The telegram announces %(announced)s encrypted bytes, %(bytes)s are there."
    ),
    "blocks_uneven": _l(
        "The telegram announces %(announced)s encrypted bytes, which are no whole blocks."
    ),
    "compact_frame": _l(
        "The readings came in a compact frame: without the full frame they have no names."
    ),
    "records_cut": _l("The readings end in the middle."),
    "records_makers": _l("The rest is in the maker's own form."),
}
