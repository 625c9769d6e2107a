"""Forms in which keys leave (K-24): one module each, all with the same two questions.

    FORMATS["tts_csv"].refusal(device)                   # why it can't carry this device, or None
    for chunk in write(FORMATS["tts_csv"], devices, options, left_out): …      # bytes, streamed

A new form is a copy of a module, and a line in the table below.
"""

from __future__ import annotations

from typing import Final

from webapp.meters.formats import (
    chirpstack,
    csv_table,
    json_list,
    man_id_key,
    thingpark,
    tts_csv,
    tts_json,
    wmbusmeters,
)
from webapp.meters.formats.base import Device, Form, Options, OptionsError, write

FORMATS: Final[dict[str, Form]] = {
    form.id: form
    for form in (
        csv_table.FORM,
        json_list.FORM,
        tts_csv.FORM,
        tts_json.FORM,
        chirpstack.FORM,
        thingpark.FORM,
        wmbusmeters.FORM,
        man_id_key.FORM,
    )
}

__all__ = ["FORMATS", "Device", "Form", "Options", "OptionsError", "write"]
