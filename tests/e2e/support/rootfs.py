# SPDX-License-Identifier: Apache-2.0
"""A root file system of a test: a bound copy, or an overlay over the cached root."""
import os
import shutil
from pathlib import Path

from support import manifest, roots
from support.copies import Copies, pristine

# The roots that tests of everything go over, and the bundle that each family's readers take.
BUNDLES = {
    "bookworm-minbase": "/etc/ssl/certs/ca-certificates.crt",
    "bookworm-ca": "/etc/ssl/certs/ca-certificates.crt",
    "trixie-ca": "/etc/ssl/certs/ca-certificates.crt",
    "bookworm-java": "/etc/ssl/certs/ca-certificates.crt",
    "bookworm-rhel": "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "trixie-rhel": "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "bookworm-suse": "/var/lib/ca-certificates/ca-bundle.pem",
}
NAMES = tuple(BUNDLES)
HOW = ("bind", "overlay")

# The prefix of every name that anchord makes in a drop-in directory.
OUR_PREFIX = "anchord-"

class Rootfs:
    def __init__(self, name: str, how: str, directory: Path, copies: Copies):
        self.name, self.how, self.directory, self._copies = name, how, directory, copies
        if how == "bind":
            self.tree = copies.take(name)
            self.options = ["--rootfs", str(self.tree)]
        else:
            self.tree, work = directory / "upper", directory / "work"
            self.tree.mkdir(parents=True)
            work.mkdir()
            lower = roots.make(name)
            shutil.copystat(lower, self.tree)  # as an engine does: the upper's root is the root
            self.options = ["--overlay", f"lower={lower},upper={self.tree},work={work}"]
        self.before = pristine(name) if how == "bind" else manifest.read(self.tree)

    def remove(self):
        if self.how == "bind":
            self._copies.give_back(self.name, self.tree)
        else:
            shutil.rmtree(self.directory)

    def manifest(self) -> dict:
        """Of what the process may write to: the bound directory, or the upper."""
        return manifest.read(self.tree)

    def path(self, container_path: str) -> Path:
        """The host path of a file that the process wrote."""
        return self.tree / container_path.lstrip("/")

    def assert_untouched(self):
        """As if nothing had ever run: the upper is empty, the bound directory equal."""
        if self.how == "overlay":
            left = [str(p.relative_to(self.tree)) for p in self.tree.rglob("*")]
            assert not left, "left in the upper:\n" + "\n".join(left)
        difference = manifest.differences(self.before, self.manifest())
        assert not difference, "\n".join(difference)

    def own_times(self, after: dict) -> set:
        """Paths of @after whose time a process set, seen from the tree that it started with."""
        return manifest.changed_times(pristine(self.name), after)

    def assert_nothing_of(self, authority, beside=()):
        """No byte of the authority anywhere in the tree, but in the paths of @beside."""
        found = [hit for hit in traces_of(self.tree, authority) if hit not in beside]
        assert not found, f"traces of {authority.name} in: {found}"


def traces_of(tree: Path, authority) -> list:
    """Paths in the tree that hold a line of the PEM body, the DER, or a name of ours."""
    needles = [authority.der, *(line.encode() for line in authority.body)]
    found = []
    for directory, directories, files in os.walk(tree):
        for name in directories + files:
            path = os.path.join(directory, name)
            relative = os.path.relpath(path, tree)
            if name.startswith(OUR_PREFIX):
                found.append(relative)
            elif os.path.islink(path):
                if os.path.basename(os.readlink(path)).startswith(OUR_PREFIX):
                    found.append(relative)
            elif os.path.isfile(path):
                with open(path, "rb") as f:
                    content = f.read()
                if any(needle in content for needle in needles):
                    found.append(relative)
    return found
