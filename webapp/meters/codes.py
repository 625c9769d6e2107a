"""Claim codes: printed on a meter's label, beside its serial number (K-9). Eight characters that can't be mistaken.

A code is kept as an HMAC to be checked, and sealed for its owner to print it again.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence

from sqlalchemy import BigInteger, LargeBinary, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from webapp.core.crypto import code_digest, code_digester, sealer, unseal
from webapp.core.db import UNAMBIGUOUS, db, random_codes
from webapp.meters.many import among
from webapp.meters.models import Meter

LENGTH = 8
_PURPOSE = "meter claim"
STEP = 5_000


def plain(typed: str) -> str:
    """As it is stored: upper case, without blanks and hyphens."""
    return "".join(c for c in typed.upper() if c.isalnum())


def shown(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"


def digest_of(meter_public_id: str, code: str) -> bytes:
    """Bound to the meter: the same code on another tells nothing."""
    return code_digest(f"{meter_public_id}:{code}", purpose=_PURPOSE)


def is_right(meter: Meter | None, typed: str) -> bool:
    """Also for no meter at all, in the same time."""
    code = plain(typed)
    public_id = meter.public_id if meter is not None else "none"
    expected = meter.claim_code_digest if meter is not None else None
    given = digest_of(public_id, code)
    same = hmac.compare_digest(given, expected or bytes(len(given)))
    return same and expected is not None and set(code) <= set(UNAMBIGUOUS)


def new_many(meter_public_ids: Sequence[str]) -> Iterator[tuple[bytes, bytes]]:
    """Digest and sealed text of a fresh code for each meter, in their order."""
    digested, sealed = code_digester(_PURPOSE), sealer()
    fresh = random_codes(len(meter_public_ids), LENGTH)
    for public_id, code in zip(meter_public_ids, fresh, strict=True):
        yield digested(f"{public_id}:{code}"), sealed(code.encode(), _context(public_id))


def code_of(meter: Meter) -> str | None:
    """In clear, for its owner's label."""
    if meter.claim_code_sealed is None:
        return None
    return shown(unseal(meter.claim_code_sealed, context=_context(meter.public_id)).decode())


def _context(public_id: str) -> str:
    return f"meters.claim_code:{public_id}"


def renew(meter_ids: Sequence[int]) -> None:
    """A new code for each of these meters in scope; the old ones are good for nothing any more."""
    for start in range(0, len(meter_ids), STEP):
        _renew_some(meter_ids[start : start + STEP])


def _renew_some(ids: Sequence[int]) -> None:
    rows = db.session.execute(select(Meter.id, Meter.public_id).where(among(Meter.id, ids))).all()
    made = list(new_many([row.public_id for row in rows]))
    values = (
        func.unnest(
            bindparam("ids", [row.id for row in rows], ARRAY(BigInteger)),
            bindparam("digests", [digest for digest, _sealed in made], ARRAY(LargeBinary)),
            bindparam("sealed", [sealed for _digest, sealed in made], ARRAY(LargeBinary)),
        )
        .table_valued(
            column("id", BigInteger), column("digest", LargeBinary), column("sealed", LargeBinary)
        )
        .render_derived()
    )
    db.session.execute(
        update(Meter)
        .where(Meter.id == values.c.id)
        .values(claim_code_digest=values.c.digest, claim_code_sealed=values.c.sealed),
        execution_options={"synchronize_session": False},
    )
