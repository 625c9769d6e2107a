"""The status byte of the transport header (EN 13757-7, 7.5.6): what the meter says of itself, in words."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l

APPLICATION: Final = (
    None,
    _l("The meter is busy"),
    _l("The meter reports an error"),
    _l("The meter reports an alarm"),
)
BITS: Final = (
    (0x04, _l("Low battery")),
    (0x08, _l("Permanent error")),
    (0x10, _l("Temporary error")),
)
MAKERS_BITS: Final = 0xE0
MAKERS: Final = _l("The maker's own status: %(bits)s")


def words(status: int | None) -> list[str]:
    """Empty when all is well, or nothing was said."""
    if not status:
        return []
    said = [str(APPLICATION[status & 3])] if status & 3 else []
    said += [str(text) for bit, text in BITS if status & bit]
    if own := status & MAKERS_BITS:
        said.append(str(MAKERS) % {"bits": f"{own:02X}"})
    return said
