# SPDX-License-Identifier: Apache-2.0
"""What hostile images are made of: things to put where a file or a directory is expected, and
layers over the cached roots to put them in.
"""
import os
import shutil
import socket
import stat
from pathlib import Path

from support import manifest

GIB = 1 << 30
MANY = 100_000   # entries of a directory; above every limit that anchord has for one
MILLION = 1_000_000

BEGIN, END = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"


# ---- kinds: kind(path, victim) makes it; the directory of the path is there, the path isn't

def _link(text):
    return lambda path, victim: os.symlink(text.replace("@VICTIM@", str(victim)), path)


def _fifo(path, victim):
    os.mkfifo(path)


def _socket(path, victim):
    with socket.socket(socket.AF_UNIX) as s:
        directory = os.open(path.parent, os.O_PATH)  # names of sockets have to be short
        s.bind(f"/proc/self/fd/{directory}/{path.name}")
        os.close(directory)


def _device(kind, major, minor):
    return lambda path, victim: os.mknod(path, kind | 0o666, os.makedev(major, minor))


def _loop(path, victim):
    os.symlink(f"{path.name}.other", path)
    os.symlink(path.name, f"{path}.other")


def _chain(path, victim):
    """A hundred links, of which the last leads to a file."""
    for i in range(99):
        os.symlink(f"{path.name}.{i + 1}", path if i == 0 else f"{path}.{i}")
    Path(f"{path}.99").write_text("the end\n")


def _directory(path, victim):
    path.mkdir()
    (path / "file").write_text("a file in what should be a file\n")


def _sparse(path, victim):
    with open(path, "wb") as f:
        f.truncate(10 * GIB)


def _text(content):
    def make(path, victim):
        path.write_bytes(content() if callable(content) else content)
    return make


def _mode_0(path, victim):
    path.write_text("nobody may read this\n")
    path.chmod(0)


def _attributes(path, victim):
    path.write_text("with attributes\n")
    for i in range(80):
        os.setxattr(path, f"user.a{i}", b"x")


def _hard_link(path, victim):
    """The very same inode as the image's list of users."""
    passwd = path
    while not (passwd / "etc").is_dir():
        passwd = passwd.parent
    passwd = passwd / "etc/passwd"
    if not passwd.exists():
        passwd.write_text("root:x:0:0:root:/root:/bin/sh\n")
    if passwd != path:
        os.link(passwd, path)


def _deep(path, victim):
    path.mkdir()
    directory = os.open(path, os.O_PATH)
    for _ in range(200):
        os.mkdir("d", dir_fd=directory)
        below = os.open("d", os.O_PATH, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(directory)


def _odd_names(path, victim):
    path.mkdir()
    names = [b"new\nline.crt", b"\xff\xfe.crt", b"n" * 251 + b".crt", b"\x01\x1b[31m.crt",
             b"-rf.crt", b"--help", b"*.crt", b"[a-z]?.crt", b" .crt", b"..crt", b"$(id).crt",
             b"a\tb.crt", b"'\".crt", b"01234567.0\n"]
    for name in names:
        with open(os.path.join(os.fsencode(path), name), "wb") as f:
            f.write(b"not a certificate\n")


def _closed(path, victim):
    path.mkdir()
    path.chmod(0)


def _fifos(path, victim):
    path.mkdir()
    for name in ("a.crt", "a.pem", "a.run", "a", "anchors", "cacerts", "01234567.0"):
        os.mkfifo(path / name)


# fmt: off
ANYTHING = {  # in place of a file and of a directory
    "fifo": _fifo,
    "socket": _socket,
    "char device": _device(stat.S_IFCHR, 1, 5),  # /dev/zero
    "block device": _device(stat.S_IFBLK, 7, 0),
    "link to a host file": _link("@VICTIM@"),
    "link to a host directory": _link("@VICTIM@.d"),
    "relative link to the host": _link("../../../../../../../../../../../../..@VICTIM@"),
    "link through its own proc": _link("/proc/self/root@VICTIM@"),
    "link through the host's proc": _link("/proc/1/root@VICTIM@"),
    "link to a descriptor": _link("/proc/self/fd/0"),
    "loop": _loop,
    "chain of 100 links": _chain,
    "dangling link": _link("/nowhere/at/all"),
    "link to itself from below": _link("./../" * 500 + "x"),
}
FOR_FILES = {
    "directory": _directory,
    "10 GiB": _sparse,
    "a million lines": _text(lambda: b"# a line\n" * MILLION),
    "begins without end": _text(lambda: BEGIN.encode() * 200_000),
    "one line of 15 MB": _text(lambda: (BEGIN + "A" * 15_000_000 + "\n" + END).encode()),
    "one line of 100 MB": _text(lambda: (BEGIN + "A" * 100_000_000 + "\n" + END).encode()),
    "nested begins": _text(lambda: (BEGIN * 1000 + "AAAA\n" + END * 1000).encode() * 100),
    "endless PEM": _text(lambda: (BEGIN + "MIIB" * 20 + "\n" + END).encode() * 100_000),
    "bytes of 0": _text(b"\0" * 4096),
    "a PEM with a byte of 0": _text((BEGIN + "MIIB\0\0\n" + END).encode()),
    "DER": _text(b"\x30\x84\xff\xff\xff\xff" + bytes(range(256)) * 16),
    "deep ASN.1": _text(b"\x30\x80" * 1_000_000),
    "a keystore's head": _text(b"\xfe\xed\xfe\xed\0\0\0\2\xff\xff\xff\xff" + b"\0" * 64),
    "mode 0": _mode_0,
    "80 attributes": _attributes,
    "hard link to passwd": _hard_link,
    "empty": _text(b""),
}
FOR_DIRECTORIES = {
    "file": _text(b"a file in what should be a directory\n"),
    "deep": _deep,
    "odd names": _odd_names,
    "mode 0 directory": _closed,
    "full of fifos": _fifos,
}
# fmt: on
KINDS = ANYTHING | FOR_FILES | FOR_DIRECTORIES


# ---- layers

def fill(directory: Path, n: int, template: str = "{:07}.txt"):
    """So many entries, cheaply: links to nothing, which have no content to be read."""
    fd = os.open(directory, os.O_PATH)
    for i in range(n):
        os.symlink("x", template.format(i), dir_fd=fd)
    os.close(fd)


class Layers:
    """An overlay whose upper is hostile; @lowers are the cached root and what lies over it."""

    def __init__(self, directory: Path, *lowers: Path):
        self.directory, self.lowers = directory, lowers
        self.tree, work = directory / "upper", directory / "work"
        self.tree.mkdir(parents=True)
        work.mkdir()
        shutil.copystat(lowers[-1], self.tree)
        self.options = ["--overlay",
                        f"lower={':'.join(map(str, lowers))},upper={self.tree},work={work}"]

    def place(self, path: str) -> Path:
        """The place in the upper, free, below directories like those of the lower layers."""
        place = self.tree
        for name in Path(path).parts[1:-1]:
            place = place / name
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                raise ValueError(f"{place} is in the way")
            if not place.exists():
                place.mkdir()
                self._copy_metadata(place)
        return place / Path(path).name

    def _copy_metadata(self, place: Path):
        for lower in self.lowers:
            original = lower / place.relative_to(self.tree)
            if original.is_dir():
                shutil.copystat(original, place)
                return

    def hide(self, path: str):
        """A whiteout: as if the lower layers had nothing there."""
        os.mknod(self.place(path), stat.S_IFCHR, os.makedev(0, 0))

    def copy(self, path: str, more: str = "") -> Path:
        """Bring a file of the lower layers up, perhaps with more at its end."""
        place = self.place(path)
        for lower in self.lowers:
            if (lower / path.lstrip("/")).exists():
                shutil.copy2(lower / path.lstrip("/"), place)
                break
        with open(place, "a") as f:
            f.write(more)
        return place

    def manifest(self) -> dict:
        return manifest.read(self.tree)

    def remove(self):
        shutil.rmtree(self.directory)


def replace(path: Path):
    """Make room where the family's preparation has put something."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
