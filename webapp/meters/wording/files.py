"""Files that are read (deliveries, lists of serials) and written (downloads)."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l

SENTENCES: Final = {
    "file_empty": _l("The file is empty."),
    "file_spreadsheet": _l(
        "This is a spreadsheet (%(kind)s), whatever its name says. Save it as CSV in the spreadsheet program."
    ),
    "file_archive": _l("This is a %(kind)s, not a table of text. Choose the file that is inside."),
    "file_binary": _l(
        "This is not a text file: it holds control characters (first in line %(line)s)."
    ),
    "file_line_long": _l("Line %(line)s is longer than %(most)s characters: this is no table."),
    "file_quote": _l("A quotation mark in line %(line)s is never closed."),
    "file_no_rows": _l("The file has a heading and no rows."),
    "file_columns": _l("The file has %(count)s columns. Choose the one with the serial numbers."),
    "file_column_missing": _l("The column “%(column)s” is missing."),
    "file_mapping": _l("Choose the column of %(field)s, or a value for all rows."),
    "file_mapping_column": _l("The file has no column %(number)s."),
    "file_too_large": _l("The file is larger than %(most)s MB."),
    "row_cells": _l("The row needs maker, number and key, with semicolons between."),
    "row_no_identity": _l(
        "The row names no device: a serial number, a DevEUI or an M-Bus number is needed."
    ),
    "row_no_number": _l("The row has a key and no number of a device."),
    "row_no_key": _l("The row has no key."),
    "row_name_long": _l("The name has more than %(most)s characters."),
    "json_broken": _l("The file is no JSON: object %(number)s is broken."),
    "json_object": _l("Object %(number)s is no device: it needs “ids” with a “dev_eui”."),
    "json_large": _l(
        "Object %(number)s is larger than %(most)s characters: this is no list of devices."
    ),
    "json_text": _l("“%(field)s” must be text."),
    "kem_xml": _l("This is no KEM file: it is not XML."),
    "kem_doctype": _l("The file declares entities, which no KEM file does. It was not read."),
    "kem_none": _l("The archive holds no KEM file."),
    "kem_several": _l("The archive holds %(count)s KEM files. Unpack it, and choose one."),
    "kem_encrypted": _l(
        "The archive has a password of its own. Unpack it, and choose the KEM file."
    ),
    "kem_not_sealed": _l("This is no KEM file: it holds no encrypted part."),
    "kem_method": _l("The file is encrypted in a way that is not known here (%(method)s)."),
    "kem_password_missing": _l(
        "KEM files open with a password: the customer number, or what the supplier chose."
    ),
    "kem_password_long": _l("The password of a KEM file has at most 16 characters."),
    "kem_password": _l("The password does not open this file, or the file is damaged."),
    "kem_content": _l("The file opened, but holds no list of meters that is known here."),
    "option_delimiter": _l(
        "“%(text)s” can't be a delimiter. Choose a comma, a semicolon, a tab or “|”."
    ),
    "option_thousands": _l("The delimiter and the thousands separator can't be the same."),
    "option_missing": _l("%(option)s is needed for this format."),
    "out_no_dev_eui": _l("The device has no DevEUI."),
    "out_no_join_eui": _l("The device has no JoinEUI."),
    "out_no_dev_addr": _l("The device has no DevAddr."),
    "out_no_lorawan_keys": _l("The device has no LoRaWAN keys for joining or for a fixed session."),
    "out_no_nwk_key": _l("The device speaks LoRaWAN 1.1 and has no NwkKey."),
    "out_no_column_nwk_key": _l("The format has no place for the NwkKey of LoRaWAN 1.1."),
    "out_abp": _l("The format carries devices that join; this one has a fixed session (ABP)."),
    "out_no_version": _l("The product type has no LoRaWAN version."),
    "out_no_phy": _l("The product type has no version of the regional parameters."),
    "out_no_plan": _l("The product type has no frequency plan."),
    "out_no_mbus": _l("The device has no M-Bus number."),
    "out_no_maker": _l("The device has no maker's code."),
    "out_no_oms_key": _l("The device has no OMS key."),
    "out_no_keys": _l("The device has no keys."),
}
