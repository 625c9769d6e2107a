"""A name server on this machine for one test: real DNS over UDP, with the TXT records one gives it."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """`records`: name → TXT values. `rcode` other than NOERROR fails every question; `silent` answers none."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.rcode = dns.rcode.NOERROR
        self.silent = False
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._socket.getsockname()
        return str(host), int(port)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                packet, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            if not self.silent:
                self._socket.sendto(self._answer(packet), sender)

    def _answer(self, packet: bytes) -> bytes:
        query = dns.message.from_wire(packet)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        answer.set_rcode(self.rcode)
        if self.rcode == dns.rcode.NOERROR:
            self._fill(answer, question, name)
        return answer.to_wire()

    def _fill(self, answer: dns.message.Message, question: dns.rrset.RRset, name: str) -> None:
        if name not in self.records:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT and self.records[name]:
            texts = [f'"{value}"' for value in self.records[name]]
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *texts))
