# SPDX-License-Identifier: Apache-2.0
"""A stand-in for an OTLP receiver over gRPC: HTTP/2, in the clear or over TLS."""

from __future__ import annotations

import gzip
import socketserver
import ssl
import subprocess
import time
import urllib.parse
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from . import otlp
from .backend import Backend, Reply, Request

PATH = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE = 0, 3, 8, 14


def frame(message: bytes, packed: bool = False) -> bytes:
    """A message as it goes over the wire."""
    return bytes([packed]) + len(message).to_bytes(4, "big") + message


def status(code: int, message: str = "", *, retry_seconds: int | None = None) -> Reply:
    """The answer of a call that failed. With `retry_seconds`, a RetryInfo says to wait so long."""
    trailers = {"grpc-status": str(code)}
    if message:
        trailers["grpc-message"] = urllib.parse.quote(message, safe=" ,.:()'")
    if retry_seconds is not None:
        trailers["grpc-status-details-bin"] = b64encode(
            _retry_info(code, retry_seconds)).decode().rstrip("=")
    return Reply(200, b"", trailers)


def success(message: bytes = b"", packed: bool = False) -> Reply:
    """The answer of one that went well."""
    return Reply(200, frame(gzip.compress(message) if packed else message, packed),
                 {"grpc-status": "0", **({"grpc-encoding": "gzip"} if packed else {})})


def _field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def _retry_info(code: int, seconds: int) -> bytes:
    """A google.rpc.Status with a RetryInfo."""
    delay = _field(1, bytes([0x08, seconds])) if seconds else b""
    info = _field(1, b"type.googleapis.com/google.rpc.RetryInfo") + _field(2, delay)
    return bytes([0x08, code]) + _field(3, info)


@dataclass
class _Stream:
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)


class GrpcBackend(Backend[otlp.Record]):
    """Takes exports. Replies are `status()` and `success()`; a Reply's headers are trailers, but
    for those that belong to the head. `raw` of a request is its frame."""

    product = "OTLP"

    def __init__(self, listening: bool = True, *, tls: ssl.SSLContext | None = None,
                 path: Path | None = None) -> None:
        pytest.importorskip("h2", reason="python3-h2 is not installed: gRPC was not tested")
        self.early = 0  # so many calls to come are answered before their messages are there
        self.pause = 0.0  # seconds for which the first piece of each message is all that is read
        self.window: int | None = None  # HTTP/2's, of each stream
        if tls:
            tls.set_alpn_protocols(["h2"])
        super().__init__(listening, tls=tls, path=path)

    def handler(self, tcp: bool) -> type[socketserver.BaseRequestHandler]:
        return _handler(self)

    def decode(self, request: Request) -> list[otlp.Record]:
        assert request.path == PATH, request.path
        assert request.headers["content-type"] == "application/grpc"
        assert request.headers["te"] == "trailers"
        return otlp.decode_export(request.body)

    def accept(self, request: Request) -> Reply:
        return success()

    def reply(self, status_code: int) -> Reply:
        return Reply(status_code, b"", {})

    def stored(self, request: Request, reply: Reply) -> list[otlp.Record]:
        return self.decode(request) if reply.headers.get("grpc-status") == "0" else []


def _unframed(data: bytes, coding: str | None) -> bytes:
    if len(data) < 5:
        return b""
    message = data[5:]
    assert int.from_bytes(data[1:5], "big") == len(message)
    if data[0] == 0:
        return message
    if coding == "zstd":
        return subprocess.run(["zstd", "-dc"], input=message, capture_output=True,
                              check=True).stdout
    assert coding == "gzip"
    return gzip.decompress(message)


def _handler(backend: GrpcBackend) -> type[socketserver.BaseRequestHandler]:
    import h2.config
    import h2.connection
    import h2.errors
    import h2.events
    import h2.settings

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                if isinstance(self.request, ssl.SSLSocket):
                    self.request.do_handshake()
                self.number = backend.connected(self.request)
                self.streams: dict[int, _Stream] = {}
                self.http2 = h2.connection.H2Connection(
                    h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
                self.http2.initiate_connection()
                if backend.window is not None:
                    self.http2.update_settings(
                        {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: backend.window})
                self.flush()
                while data := self.request.recv(65536):
                    for event in self.http2.receive_data(data):
                        if not self.take(event):
                            return
                    self.flush()
            except (OSError, h2.exceptions.ProtocolError):
                pass  # the client has gone

        def flush(self) -> None:
            self.request.sendall(self.http2.data_to_send())

        def take(self, event: Any) -> bool:
            """False: the connection ends."""
            if isinstance(event, h2.events.RequestReceived):
                self.streams[event.stream_id] = _Stream(dict(event.headers))
                if backend.early > 0:
                    backend.early -= 1
                    return self.answer(event.stream_id, early=True)
            elif isinstance(event, h2.events.DataReceived):
                if event.stream_id in self.streams:
                    if not self.streams[event.stream_id].body:
                        backend.wait_released(backend.pause)
                    self.streams[event.stream_id].body += event.data
                self.http2.acknowledge_received_data(event.flow_controlled_length,
                                                     event.stream_id)
            elif isinstance(event, h2.events.StreamEnded) and event.stream_id in self.streams:
                return self.answer(event.stream_id)
            return True

        def answer(self, number: int, early: bool = False) -> bool:
            stream = self.streams.pop(number)
            raw = bytes(stream.body)
            headers = {name: value for name, value in stream.headers.items() if name[0] != ":"}
            message = _unframed(raw, headers.get("grpc-encoding"))
            reply = backend.answer(Request(
                stream.headers[":method"], stream.headers[":path"], headers, message,
                time.monotonic(), self.number, raw))
            if reply.how == "hang":
                backend.wait_released(120)
            if reply.how in ("hang", "close"):
                return False
            self.send(number, reply)
            if early:
                self.http2.reset_stream(number, h2.errors.ErrorCodes.NO_ERROR)
            return True

        def send(self, number: int, reply: Reply) -> None:
            head = [(":status", str(reply.status))]
            trailers = []
            kind = "application/grpc" if "grpc-status" in reply.headers else "text/plain"
            for name, value in {"content-type": kind, **reply.headers}.items():
                of_head = not reply.body or name in ("content-type", "grpc-encoding")
                (head if of_head else trailers).append((name, value))
            self.http2.send_headers(number, head, end_stream=not reply.body)
            if reply.body:
                self.http2.send_data(number, reply.body, end_stream=not trailers)
            if trailers:
                self.http2.send_headers(number, trailers, end_stream=True)

    return Handler
