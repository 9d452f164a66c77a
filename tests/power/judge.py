# SPDX-License-Identifier: Apache-2.0
"""Is a recovered tree what it would be without authorities?

A stage is the tree after one more thing that the user did and synced, made by the same scripts
without authorities. After a power cut every path must be as in one of the stages that may hold
then. What the user had not synced may be torn, but by him alone: on top of what was there before,
and without a byte of the operator's.
"""
import os
from pathlib import Path

from support import manifest


NEVER_SYNCED = "srv/own/loose"  # what the process leaves to chance


class Reader:
    """Reads manifests. What has the inode and the ctime of the first reading is not read again."""

    def __init__(self):
        self._known = {}

    def read(self, root: Path, ignore=frozenset()) -> dict:
        tree = {".": self._entry(str(root), ".")}
        for directory, directories, files in os.walk(root):
            relative = os.path.relpath(directory, root)
            if relative == ".":
                directories[:] = [name for name in directories if name not in ignore]
                files = [name for name in files if name not in ignore]
            for name in directories + files:
                path = os.path.normpath(os.path.join(relative, name))
                tree[path] = self._entry(os.path.join(directory, name), path)
        return tree

    def _entry(self, path: str, relative: str) -> manifest.Entry:
        st = os.lstat(path)
        identity = (st.st_ino, st.st_ctime_ns, st.st_size)
        known = self._known.get(relative)
        if known and known[0] == identity:
            return known[1]
        entry = _without_overlay_marks(manifest.entry(path))
        self._known.setdefault(relative, (identity, entry))
        return entry


def _without_overlay_marks(entry: manifest.Entry) -> manifest.Entry:
    """The kernel's own notes on what stays in an upper: docs/undo.md, "Not given back"."""
    return entry._replace(xattrs=tuple(
        x for x in entry.xattrs if not x[0].startswith("trusted.overlay.")))


class Judge:
    def __init__(self, stages: list, contents: list, needles: list):
        """
        @stages: manifests in the order of time; @contents: for each of them, path -> content of
        what the user changes; @needles: bytes of the operator's authorities
        """
        self.stages, self.needles, self.contents = stages, needles, contents
        self.users = {path for stage in stages for path in stage
                      if any(stage[path] != other.get(path) for other in stages)}

    def complaints(self, root: Path, tree: dict, stage: int) -> list:
        """@stage: the first that may hold, since the user has synced it. [] if all is well."""
        may_be = self.stages[stage:]
        found = []
        for path in sorted(tree.keys() | set().union(*may_be)):
            allowed = [self._comparable(path, s.get(path)) for s in may_be]
            if self._comparable(path, tree.get(path)) in allowed:
                continue
            if path.endswith(NEVER_SYNCED) or self._is_torn_by_the_user(root, path, stage):
                continue
            found += self._describe(path, tree.get(path), may_be[0].get(path))
        return found

    def _comparable(self, path: str, entry):
        """Two runs of the user's can't agree on the times of what he changes."""
        return entry._replace(mtime_ns=0) if entry and path in self.users else entry

    def _is_torn_by_the_user(self, root: Path, path: str, stage: int) -> bool:
        """It is a file that he changes later, and holds at least what it held before."""
        later = [s.get(path) for s in self.stages[stage:]]
        if path not in self.users or all(entry == later[0] for entry in later):
            return False
        full = root / path
        if not full.is_file() or full.is_symlink():
            return False
        content = full.read_bytes()
        before = self.contents[stage].get(path, b"")
        return content.startswith(before) and not any(n in content for n in self.needles)

    def _describe(self, path: str, is_, should_be) -> list:
        return manifest.differences({path: should_be} if should_be else {},
                                    {path: is_} if is_ else {})
