# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates for tests of TLS, made by the openssl command."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """PEM files of a certificate and its key."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates. Each has a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.own = Certificate(folder / "ca.pem", folder / "ca.key")
        _openssl("req", "-x509", *_NEW_KEY, "-keyout", self.own.key, "-out", self.own.cert,
                 "-days", "1", "-subj", f"/CN=Authority {folder.name}")

    def sign(self, name: str, *, server: bool = False,
             names: str = "IP:127.0.0.1") -> Certificate:
        """A certificate of a server on 127.0.0.1, or of a client. `names`: whom it is for."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        _openssl("req", *_NEW_KEY, "-keyout", made.key, "-out", request, "-subj", f"/CN={name}")
        usage = f"serverAuth\nsubjectAltName={names}" if server else "clientAuth"
        extensions.write_text(f"extendedKeyUsage={usage}\n", encoding="ascii")
        _openssl("x509", "-req", "-in", request, "-CA", self.own.cert, "-CAkey", self.own.key,
                 "-CAcreateserial", "-days", "1", "-extfile", extensions, "-out", made.cert)
        return made

    def server(self, certificate: Certificate, *, clients: bool = False) -> ssl.SSLContext:
        """What shows this certificate and, with `clients`, wants one of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.cert, certificate.key)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.own.cert)
        return context

    def client(self, certificate: Certificate | None = None) -> ssl.SSLContext:
        """What trusts this authority, and shows a certificate if it has one."""
        context = ssl.create_default_context(cafile=str(self.own.cert))
        if certificate:
            context.load_cert_chain(certificate.cert, certificate.key)
        return context


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
