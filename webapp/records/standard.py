"""The tables of core, which knows no business of its own."""

from webapp.core.activities import Activity
from webapp.core.budgets import RateBudget, RateLevel, RateRefusal
from webapp.core.counters import Counter
from webapp.core.exports import export, keep_back
from webapp.core.feeds import FeedHead
from webapp.core.files import File
from webapp.core.heartbeats import ProcessBeat
from webapp.core.large_files import FileChunk
from webapp.core.personal import DELETE, not_personal, personal
from webapp.orgs.records import by_them

export(
    File,
    "id public_id kind name media_type size_bytes created_at created_by",
    about="Files; the contents of those up to 5 MB lie in the folder files.",
    withheld="wrapped_key; large files are downloads, which their makers have",
)
export(
    Activity,
    "id public_id kind title state total finished created_at began_at ended_at by",
    about="Long work of the last 30 days.",
    withheld="what the work needs to go on, and its result",
)
keep_back(FeedHead, why="positions in the feeds of changes, of use to the portal alone")
export(Counter, "id name value", about="The last numbers drawn.")
keep_back(FileChunk, why="pieces of downloads that were made from the rows exported here")
keep_back(RateBudget, why="the operator's own")
keep_back("seeings", why="the operator's looks into the organisation; they are in audit_rows")
keep_back(RateLevel, why="counts of the last minutes")
keep_back(RateRefusal, why="the operator's statistics of the last 30 days")

not_personal(File, "name", why="the file's name")
not_personal(Counter, "name", why="the counter's name")
not_personal("drain_runs", "name", why="a sweep's name")
not_personal("backups", "by", why="the operator's people: kept 90 days, then gone with the row")
not_personal(ProcessBeat, "name", why="a process's name")
personal(
    File,
    "created_by",
    gives="kind name created_at",
    of=lambda who: by_them(File.created_by, who, File.organisation_id),
    erase={"created_by": lambda who: who.pseudonym},
)
personal(
    File,
    "for_user_id",
    gives="kind name size_bytes created_at expires_at",
    of=lambda who: File.for_user_id == who.id,
    erase=DELETE,
)
personal(
    Activity,
    "by via user_id",
    gives="kind title created_at began_at ended_at via",
    of=lambda who: Activity.user_id == who.id,
    erase={"by": lambda who: who.pseudonym, "via": None},
)
