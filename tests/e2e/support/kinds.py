# SPDX-License-Identifier: Apache-2.0
"""Images without a tool and a shell: a few files where readers look, and one static program."""
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from support import effect

PROGRAM = "/get"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
NIX = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nss-cacert/etc/ssl/certs/ca-bundle.crt"
EXTRACTED = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"


@dataclass(frozen=True)
class Kind:
    os_release: str = ""
    bundle: str = ""  # holds the authorities of the image
    links: dict = field(default_factory=dict)
    env: dict = field(default_factory=dict)  # of the image


KINDS = {
    "scratch": Kind(),
    "distroless": Kind("ID=debian\nPRETTY_NAME=Distroless\n", BUNDLE,
                       env={"SSL_CERT_FILE": BUNDLE}),
    "Alpine": Kind("ID=alpine\n", BUNDLE, {"/etc/ssl/cert.pem": "certs/ca-certificates.crt"}),
    "Wolfi": Kind("ID=wolfi\n", BUNDLE,
                  {"/etc/pki/tls/certs/ca-bundle.crt": "../../../ssl/certs/ca-certificates.crt",
                   "/etc/ssl/cert.pem": "certs/ca-certificates.crt"}),
    "nix": Kind("", NIX, {BUNDLE: NIX, "/etc/ssl/certs/ca-bundle.crt": NIX}),
    "Red Hat, no tool": Kind("ID=rhel\n", EXTRACTED,
                             {"/etc/pki/tls/certs/ca-bundle.crt": EXTRACTED,
                              "/etc/pki/tls/cert.pem": EXTRACTED}),
    "SUSE, no tool": Kind("ID=sles\n", "/var/lib/ca-certificates/ca-bundle.pem",
                          {"/etc/ssl/ca-bundle.pem": "/var/lib/ca-certificates/ca-bundle.pem"}),
}


# An image without any store: variables name a file of ours, and where nothing can be written that
# file has no place.
NO_STORE = ("no variables", "root, ro", "nobody, ro")


def expected(kind: str):
    """What effect.wrong() compares with."""
    def expect(client: str, column: str) -> str:
        without = not KINDS[kind].bundle and column in NO_STORE
        return "refuses" if without else effect.expected(client, column)
    return expect


def _place(root: Path, path: str) -> Path:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def make(kind: Kind, root: Path, program: Path, authority):
    """@authority: the one that the image itself trusts"""
    root.mkdir(mode=0o755)
    shutil.copy(program, _place(root, PROGRAM))
    if kind.os_release:
        _place(root, "/etc/os-release").write_text(kind.os_release)
    if kind.bundle:
        _place(root, kind.bundle).write_text(authority.pem)
    for path, target in kind.links.items():
        os.symlink(target, _place(root, path))
