"""What all equipment shares."""

from webapp.core.exports import export, keep_back
from webapp.core.personal import not_personal, personal
from webapp.devices.labels import Label
from webapp.devices.models import (
    Credential,
    Device,
    DeviceConnection,
    DeviceMessage,
    Ownership,
    Replacement,
)
from webapp.orgs.records import by_them

export(
    Device,
    "id public_id kind serial code name state created_at",
    about="All equipment. What a kind has of its own is in its own table, under the same id.",
)
export(
    Ownership,
    "id device_id began_at ended_at",
    about="Since when, and until when, equipment is yours.",
)
export(
    Credential,
    "id public_id device_id kind name created_at created_by last_used_at revoked_at",
    about="Credentials and enrolment tokens; never the secrets themselves.",
    withheld="secret_digest",
)
export(
    Replacement,
    "id device_id old_serial new_serial reason at by",
    about="Equipment that took the place of other equipment.",
)
export(
    Label, "id public_id number name colour trade", about="Labels; number is what equipment bears."
)
keep_back(DeviceMessage, why="heads of messages of the last 7 days, for support alone")
keep_back(DeviceConnection, why="connections of the last 7 days, for support alone")

not_personal(Device, "name sort_name", why="the device's name")
not_personal(Label, "name sort_name", why="the label's name")
not_personal(Credential, "name", why="the token's name")
personal(
    Credential,
    "created_by",
    gives="kind name created_at",
    of=lambda who: by_them(Credential.created_by, who, Credential.organisation_id),
    erase={"created_by": lambda who: who.pseudonym},
)
personal(
    Replacement,
    "by",
    gives="old_serial new_serial at",
    of=lambda who: by_them(Replacement.by, who, Replacement.organisation_id),
    erase={"by": lambda who: who.pseudonym},
)
