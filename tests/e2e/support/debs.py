# SPDX-License-Identifier: Apache-2.0
"""Debian packages made from what a root has installed: no network, and the root's own version."""
import shutil
import subprocess
from pathlib import Path

NOT_CONTROL = ("list", "md5sums")


def _unpack(root: Path, package: str, to: Path):
    info = root / "var/lib/dpkg/info"
    (to / "DEBIAN").mkdir(parents=True)
    for file in info.glob(f"{package}.*"):
        if (suffix := file.name.removeprefix(f"{package}.")) not in NOT_CONTROL:
            shutil.copy(file, to / "DEBIAN" / suffix)
    for line in (info / f"{package}.list").read_text().splitlines():
        source, target = root / line.lstrip("/"), to / line.lstrip("/")
        if source.is_symlink() or not source.is_dir():
            if source.is_symlink() or source.exists():
                shutil.copy2(source, target, follow_symlinks=False)
        else:
            target.mkdir(exist_ok=True)


def _control(root: Path, package: str) -> str:
    text = subprocess.run(["dpkg-query", "--admindir", root / "var/lib/dpkg", "-s", package],
                          check=True, capture_output=True, text=True).stdout
    lines, skipped = [], False
    for line in text.splitlines():
        skipped = line.startswith(" ") and skipped or line.startswith(("Status:", "Conffiles:"))
        if not skipped:
            lines.append(line)
    return "\n".join(lines) + "\n"


def make(root: Path, package: str, to: Path) -> Path:
    """@package.deb, and newer.deb with a certificate less, older.deb with one more."""
    tree = to / "tree"
    _unpack(root, package, tree)
    control = _control(root, package)
    certificates = tree / "usr/share/ca-certificates/mozilla"
    for name, version in ((package, ""), ("newer", "+9"), ("older", "~1")):
        lines = [line + version if line.startswith("Version:") else line
                 for line in control.splitlines()]
        (tree / "DEBIAN/control").write_text("\n".join(lines) + "\n")
        if name == "newer":
            (certificates / "Certainly_Root_R1.crt").unlink()
        if name == "older":
            shutil.copy(certificates / "ISRG_Root_X1.crt", certificates / "Retired_Root.crt")
        subprocess.run(["dpkg-deb", "-Znone", "--root-owner-group", "-b", tree,
                        to / f"{name}.deb"], check=True, capture_output=True)
    shutil.rmtree(tree)
    return to
