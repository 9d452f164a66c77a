# SPDX-License-Identifier: Apache-2.0
"""Images for engines, made of a cached root without any registry."""
import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

from support import roots

NAME = "anchord.test/base"
ROOT = "bookworm-ca"

# What no test reads, and what takes the engines a second each to unpack.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/zoneinfo",
            "usr/share/perl", "usr/lib/x86_64-linux-gnu/gconv", "var/lib/dpkg", "var/cache",
            "var/lib/apt", "var/log")

# Beside what the root has: files for failing starts.
EXTRA = {
    "usr/local/bin/not-executable": (0o644, b"#!/bin/sh\necho never\n"),
    "usr/local/bin/no-interpreter": (0o755, b"#!/no/such/interpreter\n"),
    "usr/local/bin/garbage": (0o755, b"\x7fELF and nothing of a program\n"),
}


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode=0o644):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def make_layer(path: Path) -> Path:
    """The root file system as a tar."""
    subprocess.run(["tar", "--create", "--file", str(path), "--directory", str(roots.make(ROOT)),
                    "--numeric-owner", "--xattrs", *(f"--exclude=./{p}" for p in LEFT_OUT), "."],
                   check=True)
    with tarfile.open(path, "a") as tar:
        for name, (mode, content) in EXTRA.items():
            _add(tar, f"./{name}", content, mode)
    return path


def make_oci_archive(layer: Path, path: Path, name: str) -> Path:
    """An OCI image of one layer as a tar, for engines that have no import of plain trees."""
    with open(layer, "rb") as f:
        layer_digest = hashlib.file_digest(f, "sha256").hexdigest()
    blobs = {}

    def blob(media_type: str, document: dict) -> dict:
        content = json.dumps(document).encode()
        digest = hashlib.sha256(content).hexdigest()
        blobs[digest] = content
        return {"mediaType": f"application/vnd.oci.image.{media_type}",
                "digest": f"sha256:{digest}", "size": len(content)}

    config = blob("config.v1+json", {
        "architecture": "amd64", "os": "linux",
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                   "Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]}})
    manifest = blob("manifest.v1+json", {
        "schemaVersion": 2, "config": config,
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": f"sha256:{layer_digest}", "size": layer.stat().st_size}]})
    manifest["annotations"] = {"io.containerd.image.name": f"{name}:latest",
                               "org.opencontainers.image.ref.name": "latest"}
    with tarfile.open(path, "w") as tar:
        _add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        _add(tar, "index.json", json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode())
        for digest, content in blobs.items():
            _add(tar, f"blobs/sha256/{digest}", content)
        tar.add(layer, f"blobs/sha256/{layer_digest}")
    return path
