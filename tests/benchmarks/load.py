"""Load on a server: keep-alive connections from two processes, raw sockets, nothing parsed twice.

The client is lean on purpose: on a small machine what it takes is missing for the server, and
would make every handler look alike.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit

_CHUNK = 65_536
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Load:
    """What to send.

    Attributes:
        address: Of the server, without a path.
        paths: Asked one after the other, over again.
        keys: One for each connection; empty ones are not sent.
        seconds: How long.
        processes: They share the connections.
    """

    address: str
    paths: Sequence[str]
    keys: Sequence[str]
    seconds: float
    processes: int = 2


@dataclass(slots=True)
class Heard:
    """What came back."""

    requests: int = 0
    errors: int = 0
    octets: int = 0
    latencies_ms: list[float] = field(default_factory=list)


def send(load: Load) -> Heard:
    """Send the load; return what came back."""
    context = multiprocessing.get_context("fork")
    with context.Pool(load.processes) as pool:
        parts = pool.map(_drive, [(load, number) for number in range(load.processes)])
    total = Heard()
    for part in parts:
        total.requests += part.requests
        total.errors += part.errors
        total.octets += part.octets
        total.latencies_ms += part.latencies_ms
    return total


class _Connection:
    """One connection with at most one request under way."""

    def __init__(self, load: Load, key: str, first: int) -> None:
        place = urlsplit(load.address)
        self.socket = socket.create_connection((place.hostname or "", place.port or 80))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = f"Host: {place.netloc}\r\nAccept: application/json\r\n"
        if key:
            head += f"Authorization: Bearer {key}\r\n"
        paths = [*load.paths[first:], *load.paths[:first]]
        self._requests: Iterator[bytes] = cycle(
            [f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() for path in paths]
        )
        self._sent_at = 0.0
        self._received = b""

    def ask(self) -> None:
        self._sent_at = time.perf_counter()
        self._received = b""
        self.socket.sendall(next(self._requests))

    def is_answered(self, heard: Heard) -> bool:
        """Read what is there; tell whether the answer is whole, and count it."""
        data = self.socket.recv(_CHUNK)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._received += data
        head, found, body = self._received.partition(_HEAD_END)
        if not found or len(body) < _body_length(head):
            return False
        heard.requests += 1
        heard.errors += b" 200 " not in head[:16]
        heard.octets += len(body)
        heard.latencies_ms.append((time.perf_counter() - self._sent_at) * 1000)
        return True


def _body_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(_LENGTH):
            return int(line[len(_LENGTH) :])
    raise ValueError("an answer without Content-Length")


def _drive(task: tuple[Load, int]) -> Heard:
    """Keep this process's share of the connections busy until the time is over."""
    load, number = task
    shares = list(enumerate(load.keys))[number :: load.processes]
    step = max(1, len(load.paths) // len(load.keys))
    connections = [_Connection(load, key, place * step) for place, key in shares]
    heard = Heard()
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask()
        end = time.perf_counter() + load.seconds
        while time.perf_counter() < end:
            for key, _ in selector.select(timeout=1.0):
                if key.data.is_answered(heard):
                    key.data.ask()
    for connection in connections:
        connection.socket.close()
    return heard
