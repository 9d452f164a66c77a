# SPDX-License-Identifier: Apache-2.0
"""Copies of roots, for tests that bind a directory. Copying takes seconds, so copies are used
again: what a test changed is put right, and a copy is only given out when its full manifest
equals the root's.
"""
import itertools
import os
import shutil
import subprocess
from pathlib import Path

from support import manifest, roots

WORTH_MENDING = 3000  # paths; above that a new copy is quicker

_counter = itertools.count(1)
_pristine = {}


def pristine(name: str) -> dict:
    """The manifest of a cached root; read once."""
    if name not in _pristine:
        _pristine[name] = manifest.read(roots.make(name))
    return _pristine[name]


class Copies:
    def __init__(self, directory: Path):
        self.directory = directory
        self.free = {}

    def take(self, name: str) -> Path:
        free = self.free.setdefault(name, [])
        if free:
            return free.pop()
        self.directory.mkdir(parents=True, exist_ok=True)
        return roots.copy(name, self.directory / f"{name}-{next(_counter)}")

    def give_back(self, name: str, copy: Path):
        if mend(name, copy):
            self.free.setdefault(name, []).append(copy)
        else:
            shutil.rmtree(copy)


def mend(name: str, copy: Path) -> bool:
    """Make the copy equal to its root again; False if that is not worth it or did not work."""
    root, wanted, found = roots.make(name), pristine(name), manifest.read(copy)
    wrong = {path for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path)}
    if not wrong:
        return True
    if len(wrong) > WORTH_MENDING:
        return False
    for path in sorted(wrong, reverse=True):  # what is inside a directory comes before it
        if path in found and not (found[path].kind == "directory" and path in wanted
                                  and wanted[path].kind == "directory"):
            (copy / path).rmdir() if found[path].kind == "directory" else (copy / path).unlink()
    files = {}  # directory -> what is copied into it, by one command each
    for path in sorted(wrong & wanted.keys()):
        if wanted[path].kind == "directory":
            (copy / path).mkdir(exist_ok=True)
        else:
            files.setdefault(Path(path).parent, []).append(str(root / path))
    for directory, paths in files.items():
        subprocess.run(["cp", "-a", *paths, str(copy / directory)], check=True)
    directories = {str(Path(path).parent) for path in wrong} | wrong
    for path in sorted(directories & wanted.keys(), reverse=True):
        if wanted[path].kind == "directory":
            original = os.stat(root / path)
            os.chown(copy / path, original.st_uid, original.st_gid)
            shutil.copystat(root / path, copy / path)
    return manifest.read(copy) == wanted
