# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for backends over HTTP: for what a real one will not do on request. The real ones are
tested in tests/backends."""

from __future__ import annotations

import gzip
import http.server
import json
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from . import elastic, loki, otlp
from .packets import drop_packets, take_packets
from .poll import LIMIT, until

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """One request, with its body as it was before compression."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float  # monotonic seconds
    connection: int  # which of the connections it came over
    raw: bytes = b""  # the body as it came
    client: str = ""  # the name in the certificate that the client showed


@dataclass(frozen=True)
class Reply:
    """What is answered. `how`: "" as it should be; "hang": never; "close": the connection ends
    without a word; "drip": a byte at a time, for ever. `times`: the body so often in a row."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    how: str = ""
    times: int = 1


Answer = Reply | Callable[[Request], Reply]


class Backend(Generic[T]):
    """A server on a port of its own. Replies to the requests to come are queued with `then`; when
    none is left, `usually` answers. Items of requests that were answered with 2xx are `taken`."""

    product = "HTTP"

    def __init__(self, listening: bool = True, *, tls: ssl.SSLContext | None = None,
                 host: str = "127.0.0.1", path: Path | None = None) -> None:
        """Not listening: connections are refused until `listen`; the port is ours all the same.
        `path`: on a Unix socket there instead of a port."""
        self._lock = threading.Lock()
        self._queue: list[Answer] = []
        self._requests: list[Request] = []
        self._taken: list[T] = []
        self._faults: list[Exception] = []
        self._connections = 0
        self._sockets: list[socket.socket] = []
        self._released = threading.Event()
        kind = _UnixServer if path else _Server6 if ":" in host else _Server
        self._server = kind(str(path) if path else (host, 0), self.handler(path is None),
                            bind_and_activate=False)
        self._server.tls = tls
        self._server.server_bind()
        self.clock = 0  # seconds that it is ahead
        self.usually: Answer = self.accept
        self.port = 0 if path else int(self._server.server_address[1])
        name = f"[{host}]" if ":" in host else host
        self.url = f"unix://{path}" if path else f"http{'s' if tls else ''}://{name}:{self.port}"
        self._thread: threading.Thread | None = None
        if listening:
            self.listen()

    # ---- for tests ----

    def listen(self) -> None:
        """From now on connections are taken."""
        self._server.server_activate()
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def then(self, *answers: Answer | int) -> None:
        """The next requests get these, one each; a number is a reply with that status."""
        replies = [self.reply(each) if isinstance(each, int) else each for each in answers]
        with self._lock:
            self._queue += replies

    def always(self, answer: Answer | int) -> None:
        """What requests get when nothing is queued."""
        self.usually = self.reply(answer) if isinstance(answer, int) else answer

    def recover(self) -> None:
        """Takes everything from now on."""
        self.usually = self.accept

    def vanish(self) -> None:
        """From now on its packets are dropped: connections stay, and nobody hears of it."""
        with self._lock:
            drop_packets(self._server.socket)
            for connection in self._sockets:
                drop_packets(connection)

    def return_(self) -> None:
        """New connections are answered again; the old ones stay dead."""
        take_packets(self._server.socket)

    def release(self) -> None:
        """Ends every reply that hangs or drips."""
        self._released.set()

    @property
    def requests(self) -> list[Request]:
        """All so far."""
        with self._lock:
            return list(self._requests)

    @property
    def taken(self) -> list[T]:
        """Everything in requests that were accepted, in order."""
        with self._lock:
            return list(self._taken)

    def wait_requests(self, count: int, limit: float = LIMIT) -> list[Request]:
        """Polls until so many requests came."""
        return until(
            lambda: self.requests if len(self.requests) >= count else None,
            lambda: f"{count} requests; there were {len(self.requests)}",
            limit,
        )

    def wait_taken(self, count: int, limit: float = LIMIT) -> list[T]:
        """Polls until so many items were accepted."""
        return until(
            lambda: self.taken if len(self.taken) >= count else None,
            lambda: f"{count} items taken; there were {len(self.taken)}",
            limit,
        )

    def close(self) -> None:
        """Ends it, and fails if a request was not what its API says."""
        self.release()
        if self._thread is not None:
            self._server.shutdown()
        self._server.server_close()
        if self._faults:
            raise self._faults[0]

    # ---- what a kind of backend says ----

    def handler(self, tcp: bool) -> type[socketserver.BaseRequestHandler]:
        """What serves a connection."""
        return _handler(self, tcp)

    def decode(self, request: Request) -> list[T]:
        """The items of a request; whatever it raises fails the test."""
        raise NotImplementedError

    def accept(self, request: Request) -> Reply:
        """The answer when all is well."""
        raise NotImplementedError

    def reply(self, status: int) -> Reply:
        """An answer of a given status, as this kind of server words it."""
        return Reply(status, f"status {status}\n".encode(), {"Content-Type": "text/plain"})

    def stored(self, request: Request, reply: Reply) -> list[T]:
        """Which items of the request are stored, given the reply."""
        return self.decode(request) if 200 <= reply.status < 300 else []

    # ---- for the handler ----

    def connected(self, connection: socket.socket) -> int:
        """A new connection's number."""
        with self._lock:
            self._sockets = [one for one in self._sockets if one.fileno() >= 0] + [connection]
            self._connections += 1
            return self._connections

    def answer(self, request: Request) -> Reply:
        """Notes a request and decides what it gets."""
        with self._lock:
            self._requests.append(request)
            chosen = self._queue.pop(0) if self._queue else self.usually
        try:
            reply = chosen if isinstance(chosen, Reply) else chosen(request)
            if request.method == "POST" and reply.how in ("", "close"):
                items = self.stored(request, reply)
                with self._lock:
                    self._taken += items
        except Exception as fault:  # raised again by close()
            self._faults.append(fault)
            return Reply(500, repr(fault).encode())
        return reply

    def wait_released(self, seconds: float) -> bool:
        """Waits, and says whether hanging replies are to end."""
        return self._released.wait(seconds)


class LokiBackend(Backend[loki.Entry]):
    """Takes pushes."""

    product = "Loki"

    def decode(self, request: Request) -> list[loki.Entry]:
        assert request.path == "/loki/api/v1/push", request.path
        return loki.decode_push(request.body)

    def accept(self, request: Request) -> Reply:
        return Reply(204)


class OtlpBackend(Backend[otlp.Record]):
    """Takes exports in protobuf and in JSON."""

    product = "OTLP"

    def decode(self, request: Request) -> list[otlp.Record]:
        assert request.path == "/v1/logs", request.path
        if request.headers["content-type"] == "application/json":
            return otlp.decode_json(request.body)
        assert request.headers["content-type"] == "application/x-protobuf"
        return otlp.decode_export(request.body)

    def accept(self, request: Request) -> Reply:
        kind = request.headers["content-type"]
        body = b'{"partialSuccess":{}}' if kind == "application/json" else b""
        return Reply(200, body, {"Content-Type": kind})


class ElasticBackend(Backend[elastic.Document]):
    """Takes bulk requests. `statuses` decides about each document; by default all are created."""

    product = "Elasticsearch"

    def __init__(self, listening: bool = True, **where: Any) -> None:
        self.statuses: Callable[[Sequence[elastic.Document]], list[int]] = _all_created
        self.pretty = False
        super().__init__(listening, **where)

    def decode(self, request: Request) -> list[elastic.Document]:
        return elastic.decode_bulk(request.path, request.body)

    def accept(self, request: Request) -> Reply:
        documents = self.decode(request)
        body = elastic.bulk_answer(documents, self.statuses(documents), self.pretty)
        return Reply(200, body, {"Content-Type": "application/json"})

    def stored(self, request: Request, reply: Reply) -> list[elastic.Document]:
        if reply.status != 200:
            return []
        documents = self.decode(request)
        try:
            items = json.loads(reply.body)["items"]
            results = [next(iter(item.values()))["status"] for item in items]
        except (ValueError, KeyError):  # no bulk reply: nothing was stored
            return []
        return [one for one, status in zip(documents, results) if status in (200, 201)]


def _all_created(documents: Sequence[elastic.Document]) -> list[int]:
    return [201] * len(documents)


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[Any, Any]:
        connection, address = self.socket.accept()
        if self.tls is None:
            return connection, address
        # The handshake is the business of the connection's own thread.
        return self.tls.wrap_socket(connection, server_side=True,
                                    do_handshake_on_connect=False), address

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away; whatever else went wrong is kept for close()."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class _UnixServer(_Server):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)


def _decoded(body: bytes, coding: str | None) -> bytes:
    if coding == "gzip":
        return gzip.decompress(body)
    if coding == "zstd":
        return subprocess.run(["zstd", "-dc"], input=body, capture_output=True, check=True).stdout
    return body


def _handler(backend: Backend[T], tcp: bool) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = tcp

        def setup(self) -> None:
            self.client_name = ""
            if isinstance(self.request, ssl.SSLSocket):
                self.request.do_handshake()
                shown = self.request.getpeercert() or {}
                self.client_name = "".join(
                    value for name in shown.get("subject", ()) for _, value in name)
            self.number = backend.connected(self.request)
            super().setup()

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(size)
            if len(body) < size:  # the client was killed in the middle of it
                self.close_connection = True
                return
            raw, body = body, _decoded(body, self.headers.get("Content-Encoding"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Request(
                self.command, self.path, headers, body, time.monotonic(), self.number, raw,
                self.client_name,
            )
            self._send(backend.answer(asked))

        def _send(self, reply: Reply) -> None:
            if reply.how == "hang":
                backend.wait_released(120)
            if reply.how in ("hang", "close"):
                self.close_connection = True
                return
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 204 or reply.body:
                    size = 1 << 20 if reply.how == "drip" else len(reply.body) * reply.times
                    self.send_header("Content-Length", str(size))
                self.end_headers()
                if reply.how == "drip":
                    while not backend.wait_released(0.1):
                        self.wfile.write(b" ")
                    self.close_connection = True
                else:
                    for _ in range(reply.times):
                        self.wfile.write(reply.body)
            except OSError:  # the client has gone
                self.close_connection = True

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(int(timestamp or time.time()) + backend.clock)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
