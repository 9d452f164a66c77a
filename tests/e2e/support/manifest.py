# SPDX-License-Identifier: Apache-2.0
"""Everything that a trace could show in: the full manifest of a tree, and comparing two."""
import hashlib
import os
import stat
from typing import NamedTuple

KINDS = {
    stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "char device", stat.S_IFBLK: "block device", stat.S_IFSOCK: "socket",
}


class Entry(NamedTuple):
    kind: str
    mode: str       # octal permission bits
    owner: str      # uid:gid
    size: int       # files only; a directory's depends on its past
    sha256: str     # files only
    link: str       # text of a symlink
    device: int     # number of a device node
    n_links: int    # files only
    xattrs: tuple   # (name, value in hex), sorted
    mtime_ns: int


# The kernel gives every upper directory a random one when it is first mounted, also without us.
RANDOM_XATTRS = ("trusted.overlay.uuid",)


SPARSE = 1 << 26  # bytes; of larger files holes aren't read


def _next_data(fd: int, at: int) -> int:
    """Where the next bytes are that aren't of a hole, or -1."""
    try:
        return os.lseek(fd, at, os.SEEK_DATA)
    except OSError:
        return -1


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as f:
        if os.fstat(f.fileno()).st_size > SPARSE:
            at = 0
            while (at := _next_data(f.fileno(), at)) >= 0:
                digest.update(at.to_bytes(8, "big"))
                os.lseek(f.fileno(), at, os.SEEK_SET)
                block = f.read(1 << 20)
                digest.update(block)
                at += len(block)
            return digest.hexdigest()
        while block := f.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def entry(path: str) -> Entry:
    st = os.lstat(path)
    kind = KINDS[stat.S_IFMT(st.st_mode)]
    is_file = kind == "file"
    return Entry(
        kind=kind,
        mode=oct(stat.S_IMODE(st.st_mode)),
        owner=f"{st.st_uid}:{st.st_gid}",
        size=st.st_size if is_file else 0,
        sha256=_sha256(path) if is_file else "",
        link=os.readlink(path) if kind == "link" else "",
        device=st.st_rdev if "device" in kind else 0,
        n_links=st.st_nlink if is_file else 0,
        xattrs=tuple(
            (name, os.getxattr(path, name, follow_symlinks=False).hex())
            for name in sorted(os.listxattr(path, follow_symlinks=False))
            if name not in RANDOM_XATTRS),
        mtime_ns=st.st_mtime_ns,
    )


def read(root) -> dict:
    """path relative to the root ("." is the root itself) -> Entry"""
    root = str(root)
    tree = {".": entry(root)}
    for directory, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(directory, name)
            tree[os.path.relpath(path, root)] = entry(path)
    return tree


def differences(expected: dict, actual: dict, ignore=frozenset(), ignore_mtime=frozenset()) -> list:
    """One line a difference; paths of @ignore are left out, times of @ignore_mtime too."""
    lines = []
    for path in sorted(expected.keys() | actual.keys()):
        if path in ignore:
            continue
        if path not in actual:
            lines.append(f"missing: {path} ({expected[path].kind})")
        elif path not in expected:
            lines.append(f"left behind: {path} ({actual[path].kind})")
        else:
            for field, was, is_ in zip(Entry._fields, expected[path], actual[path]):
                if was != is_ and not (field == "mtime_ns" and path in ignore_mtime):
                    lines.append(f"{path}: {field} should be {was!r} and is {is_!r}")
    return lines


def changed_times(before: dict, after: dict) -> set:
    """Paths whose time the process set itself: two runs of it can't agree on them."""
    return {path for path, e in after.items()
            if path not in before or before[path].mtime_ns != e.mtime_ns}
