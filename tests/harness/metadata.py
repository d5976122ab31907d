# SPDX-License-Identifier: Apache-2.0
"""A cloud's metadata service, as far as the tests need one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class MetadataService:
    """Answers "METHOD PATH" with a text, all else with 404. `wants`: a header it insists on."""

    def __init__(self, answers: Mapping[str, str], wants: tuple[str, str] | None = None) -> None:
        self.asked: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
                service.asked.append(f"{self.command} {self.path}")
                text = answers.get(service.asked[-1])
                refused = wants is not None and self.headers.get(wants[0]) != wants[1]
                body = (text or "no").encode()
                self.send_response(403 if refused else 200 if text is not None else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_GET  # noqa: N815

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator[MetadataService]:
        """Answers meanwhile."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
