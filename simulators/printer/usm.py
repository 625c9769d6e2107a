"""The agent's side of SNMPv3: an authoritative engine with users (RFC 3412, RFC 3414 section 3.2).

    engine = Engine([User("anna", auth=Auth.SHA256, auth_phrase="...")])
    opened = engine.open(packet)      # an Opened, or the octets of a report, or None

Whoever does not prove who they are gets a report with the counter of what was wrong, as every SNMPv3 agent gives it.
"""

import hmac
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from simulators.printer import ber
from simulators.printer.messages import Pdu, PduType, Status
from simulators.printer.oids import Oid
from simulators.printer.usm_keys import (
    Auth,
    Extension,
    Privacy,
    Secret,
    localized,
    master_key,
    privacy_key,
)
from simulators.printer.v3_messages import (
    AUTH,
    PRIVACY,
    USM,
    Envelope,
    Scoped,
    Security,
    decode_envelope,
    decode_scoped,
    without_digest,
)
from simulators.printer.values import Type, counter32

WINDOW_SECONDS = 150
SHORTEST_PHRASE = 8  # RFC 3414 11.2
OVERHEAD = 220  # octets of a sealed message around its variables, at most
LEAST_MAX_OCTETS = 484  # RFC 3412: what every engine must take
_USM_STATS: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1)
UNSUPPORTED_LEVEL: Oid = (*_USM_STATS, 1, 0)
NOT_IN_WINDOW: Oid = (*_USM_STATS, 2, 0)
UNKNOWN_USER: Oid = (*_USM_STATS, 3, 0)
UNKNOWN_ENGINE: Oid = (*_USM_STATS, 4, 0)
WRONG_DIGEST: Oid = (*_USM_STATS, 5, 0)
DECRYPTION_ERROR: Oid = (*_USM_STATS, 6, 0)
UNKNOWN_CONTEXT: Oid = (1, 3, 6, 1, 6, 3, 12, 1, 5, 0)
UNKNOWN_PDU_HANDLER: Oid = (1, 3, 6, 1, 6, 3, 11, 2, 1, 3, 0)


class UserError(ValueError):
    """A user can't be made like this; the message says why."""


@dataclass(frozen=True, kw_only=True)
class User:
    """Without `auth` noAuthNoPriv, without `privacy` authNoPriv. A user must use all that it has."""

    name: str
    auth: Auth | None = None
    auth_phrase: str = ""
    privacy: Privacy | None = None
    privacy_phrase: str = ""
    extension: Extension = Extension.REEDER

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.encode()) <= 32:
            raise UserError("a user name has 1 to 32 octets")
        if self.privacy and not self.auth:
            raise UserError("privacy needs authentication (RFC 3411: no level has it alone)")
        for needed, phrase in ((self.auth, self.auth_phrase), (self.privacy, self.privacy_phrase)):
            if needed and len(phrase.encode()) < SHORTEST_PHRASE:
                raise UserError(f"a pass phrase has at least {SHORTEST_PHRASE} octets")

    @property
    def level(self) -> int:
        return (AUTH if self.auth else 0) | (PRIVACY if self.privacy else 0)


@dataclass(frozen=True)
class Opened:
    """What was asked, and how the answer goes back."""

    pdu: Pdu
    room: int
    seal: Callable[[Pdu], bytes]
    is_allowed: bool


class Engine:
    """`clock` gives seconds; the engine's time starts with it, `boots` is what it remembers of before."""

    def __init__(
        self,
        users: Iterable[User],
        *,
        engine_id: bytes = b"",
        boots: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # RFC 3411: enterprise number with the top bit set, 5 = octets of the maker's own choice.
        self.engine_id = engine_id or b"\x80\x00\x1f\x88\x05" + secrets.token_bytes(8)
        self.users = {user.name.encode(): user for user in users}
        self.boots, self._clock, self._started = boots, clock, clock()
        self.counters: Counter[Oid] = Counter()
        self._salt = secrets.randbits(64)

    @property
    def seconds(self) -> int:
        return int(self._clock() - self._started)

    def restart(self) -> None:
        """As after power was off: one more boot, time from zero."""
        self.boots += 1
        self._started = self._clock()

    def open(self, packet: bytes) -> Opened | bytes | None:
        """Raises BerError. None where nobody may be answered."""
        asked = decode_envelope(packet)
        if asked.model != USM or asked.flags & (AUTH | PRIVACY) == PRIVACY:
            return None
        if asked.max_octets < LEAST_MAX_OCTETS:
            return None
        refused = self._refused(asked, packet)
        if refused:
            return self._report(asked, refused)
        data = asked.data
        if asked.flags & PRIVACY:
            try:
                data = self._decrypted(asked)
                scoped = decode_scoped(data)
            except ber.BerError:
                return self._report(asked, DECRYPTION_ERROR)
        else:
            scoped = decode_scoped(data)
        if scoped.engine_id not in (self.engine_id, b""):
            return self._report(asked, UNKNOWN_PDU_HANDLER, scoped)
        if scoped.context:
            return self._report(asked, UNKNOWN_CONTEXT, scoped)
        user = self.users[asked.security.user]
        return Opened(
            pdu=scoped.pdu,
            room=asked.max_octets - OVERHEAD,
            seal=lambda pdu: self._sealed(asked, pdu, scoped),
            is_allowed=asked.flags & (AUTH | PRIVACY) == user.level,
        )

    def _refused(self, asked: Envelope, packet: bytes) -> Oid | None:
        """The counter of the first thing that is wrong, in the order of RFC 3414 3.2."""
        said = asked.security
        user = self.users.get(said.user)
        if said.engine_id != self.engine_id:
            return UNKNOWN_ENGINE
        if user is None:
            return UNKNOWN_USER
        if asked.flags & (AUTH | PRIVACY) & ~user.level:
            return UNSUPPORTED_LEVEL
        if not asked.flags & AUTH:
            return None
        digest = self._secret(user).digest(without_digest(packet, asked))
        if not hmac.compare_digest(digest, said.digest):
            return WRONG_DIGEST
        late = abs(said.seconds - self.seconds) > WINDOW_SECONDS
        return NOT_IN_WINDOW if said.boots != self.boots or late else None

    def _report(self, asked: Envelope, counter: Oid, scoped: Scoped | None = None) -> bytes | None:
        """Only where it is asked for. A wrong clock is told under the digest, so that nobody else sets it."""
        self.counters[counter] += 1
        if not asked.is_reportable:
            return None
        pdu = Pdu(
            PduType.REPORT,
            scoped.pdu.request_id if scoped else _request_id(asked),
            Status.NO_ERROR,
            0,
            ((counter, counter32(self.counters[counter])),),
        )
        flags = AUTH if counter == NOT_IN_WINDOW else 0
        return self._sealed(replace(asked, flags=flags), pdu, Scoped(self.engine_id, b"", pdu))

    def _sealed(self, asked: Envelope, pdu: Pdu, scoped: Scoped) -> bytes:
        flags = asked.flags & (AUTH | PRIVACY)
        data = replace(scoped, engine_id=self.engine_id, pdu=pdu).encoded()
        security = Security(self.engine_id, self.boots, self.seconds, asked.security.user)
        user = self.users.get(asked.security.user)
        if user is not None and flags & PRIVACY:
            self._salt = (self._salt + 1) % 2**64
            salt = self._salt.to_bytes(8, "big")
            sealed = self._secret(user).encrypt(data, security.boots, security.seconds, salt)
            data, security = ber.tlv(Type.STRING, sealed), replace(security, salt=salt)
        answer = Envelope(asked.message_id, 65_507, flags, USM, security, data)
        if user is None or not flags & AUTH:
            return answer.encoded()
        secret = self._secret(user)
        blank = answer.with_digest(bytes(secret.auth.digest_octets))
        return blank.with_digest(secret.digest(blank.encoded())).encoded()

    def _decrypted(self, asked: Envelope) -> bytes:
        said = asked.security
        sealed, _ = ber.expect(Type.STRING, asked.data)
        if len(said.salt) != 8:
            raise ber.BerError("a salt that is not of 8 octets")
        secret = self._secret(self.users[said.user])
        return secret.decrypt(sealed, said.boots, said.seconds, said.salt)

    def _secret(self, user: User) -> Secret:
        return _secret_of(user, self.engine_id)


@lru_cache(maxsize=512)
def _secret_of(user: User, engine_id: bytes) -> Secret:
    if user.auth is None:
        raise UserError("a user without authentication has no secret")
    auth_key = localized(master_key(user.auth_phrase.encode(), user.auth), engine_id, user.auth)
    if user.privacy is None:
        return Secret(user.auth, auth_key)
    phrase = user.privacy_phrase.encode()
    return Secret(
        user.auth,
        auth_key,
        privacy_key(phrase, user.auth, user.privacy, user.extension, engine_id),
    )


def _request_id(asked: Envelope) -> int:
    """That of the PDU where it can be read, else 0 (RFC 3412 7.1 3)."""
    if asked.flags & PRIVACY:
        return 0
    try:
        return decode_scoped(asked.data).pdu.request_id
    except ber.BerError:
        return 0
