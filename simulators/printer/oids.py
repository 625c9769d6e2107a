"""Object identifiers: tuples of numbers inside, dotted decimals outside."""

Oid = tuple[int, ...]


class OidError(ValueError):
    """A text that is no object identifier."""


def parse_oid(text: str) -> Oid:
    """`1.3.6.1`, `.1.3.6.1` and net-snmp's `iso.3.6.1` → numbers."""
    bare = text.strip().removeprefix(".")
    if bare.startswith("iso"):
        bare = "1" + bare[3:]
    try:
        oid = tuple(int(part) for part in bare.split("."))
    except ValueError:
        raise OidError(f"{text!r} is no object identifier in numbers") from None
    if not all(0 <= arc < 2**32 for arc in oid) or len(oid) > 128 or oid[0] > 2:
        raise OidError(f"{text!r} is no object identifier: a number is out of range")
    return oid


def format_oid(oid: Oid) -> str:
    return ".".join(map(str, oid))


def is_below(oid: Oid, root: Oid) -> bool:
    """Whether `oid` is `root` or lies in its subtree."""
    return oid[: len(root)] == root
