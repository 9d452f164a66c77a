# SPDX-License-Identifier: Apache-2.0
"""Certificate authorities, and an HTTPS server on loopback that one of them vouches for."""
import http.server
import re
import ssl
import subprocess
import threading
from pathlib import Path

GREETING = "hello from behind the operator's authority"


def _openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


class Authority:
    def __init__(self, directory: Path, name: str):
        self.name = name
        self.key = directory / f"{name}.key"
        self.certificate = directory / f"{name}.pem"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", 30, "-subj", f"/CN={name}", "-keyout", self.key,
                 "-out", self.certificate, "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    @property
    def pem(self) -> str:
        return self.certificate.read_text()

    @property
    def body(self) -> list:
        """The lines of base64, without the last one, which may be short enough to be chance."""
        return re.findall(r"^[A-Za-z0-9+/=]{64}$", self.pem, re.M)

    @property
    def der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.pem)

    def issue(self, directory: Path, name: str) -> tuple:
        """A server certificate for localhost: (certificate, key)"""
        key, request = directory / f"{name}.key", directory / f"{name}.csr"
        certificate, extensions = directory / f"{name}.pem", directory / f"{name}.ext"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n"
                              "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", "/CN=localhost", "-keyout", key, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                 "-CAcreateserial", "-days", 30, "-extfile", extensions, "-out", certificate)
        return certificate, key


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.pages.get(self.path.partition("?")[0], f"{GREETING}\n".encode())
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if body.startswith(b"<") else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, pages: dict):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context, self.pages = context, pages

    def finish_request(self, request, client_address):
        # The handshake belongs to the request's own thread: a client that refuses our
        # certificate must not hold up the others.
        try:
            with self.context.wrap_socket(request, server_side=True) as tls:
                super().finish_request(tls, client_address)
        except (ssl.SSLError, OSError):
            pass


class Server:
    """@pages are bodies by path; every other path has the greeting."""

    def __init__(self, certificate: Path, key: Path, pages=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = _Server(context, pages or {})
        self.url = f"https://localhost:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
