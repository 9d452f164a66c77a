# SPDX-License-Identifier: Apache-2.0
"""Disks that remember the order of what they were told.

A disk is a file of a small FUSE file system in this process; a loop device on it carries a real
ext4. The log holds every block that the kernel wrote, every flush of the disk's cache, and marks
of our own in between, so each moment of a run can be made again, with any part of what had not
been flushed by then lost (tests/power/crash.py).
"""
import ctypes
import os
import struct
import threading
from pathlib import Path
from typing import NamedTuple

BLOCK = 4096  # what a disk writes whole or not at all; also the block size of our ext4
MAX_WRITE = 1 << 20
ROOT_INODE = 1

_libc = ctypes.CDLL(None, use_errno=True)


class Write(NamedTuple):
    disk: int  # index of the disk
    block: int
    data: bytes


class Flush(NamedTuple):
    disk: int


class Mark(NamedTuple):
    text: str


class Disk:
    """An image that is only read, and the blocks that were written over it."""

    def __init__(self, image: Path, index: int, blocks=None):
        self.index = index
        self.size = image.stat().st_size
        self.blocks = dict(blocks or {})
        self._fd = os.open(image, os.O_RDONLY | os.O_CLOEXEC)

    def close(self):
        os.close(self._fd)

    def read_block(self, block: int) -> bytes:
        data = self.blocks.get(block)
        return data if data is not None else os.pread(self._fd, BLOCK, block * BLOCK)

    def read(self, offset: int, size: int) -> bytes:
        size = max(0, min(size, self.size - offset))
        first, last = offset // BLOCK, (offset + size + BLOCK - 1) // BLOCK
        if not any(block in self.blocks for block in range(first, last)):
            return os.pread(self._fd, size, offset)
        whole = b"".join(map(self.read_block, range(first, last)))
        return whole[offset - first * BLOCK:][:size]

    def write(self, offset: int, data: bytes):
        """Yields (block, its new content)."""
        while data:
            block, within = divmod(offset, BLOCK)
            part = data[:BLOCK - within]
            if len(part) < BLOCK:
                old = self.read_block(block)
                part = old[:within] + part + old[within + len(part):]
            self.blocks[block] = part
            yield block, part
            n = min(len(data), BLOCK - within)
            offset, data = offset + n, data[n:]


# The part of the FUSE protocol that a file under a loop device needs (linux/fuse.h, 7.31).
IN_HEADER = struct.Struct("<IIQQIIIHH")
OUT_HEADER = struct.Struct("<IiQ")
ATTR = struct.Struct("<6Q10I")
ENTRY = struct.Struct("<4Q2I")
ATTR_VALID = struct.Struct("<QII")
OPENED = struct.Struct("<QII")
IO = struct.Struct("<QQIIQII")  # of reads and writes: handle, offset, size, ...
INIT_IN = struct.Struct("<IIII")
INIT_OUT = struct.Struct("<IIIIHHIIHHI28x")

ASYNC_READ, BIG_WRITES, MAX_PAGES = 1 << 0, 1 << 5, 1 << 22
FOREVER = 1 << 30  # seconds that the kernel may believe a name or a size
EIO, ENOENT, ENOSYS = 5, 2, 38
SILENT = {2, 36, 42}  # forget, interrupt, batch_forget: no answer is wanted


class Rack:
    """The FUSE file system: serves disks by name, and writes the log."""

    def __init__(self, mount_point: Path):
        self.mount_point = mount_point
        self.log = []
        self._disks = {}  # inode -> Disk
        self._names = {}  # name -> inode
        self._next_inode = ROOT_INODE + 1
        self._handlers = {1: self._lookup, 3: self._getattr, 4: self._getattr, 14: self._open,
                          15: self._read, 16: self._write, 18: self._nothing, 20: self._fsync,
                          25: self._nothing, 26: self._init}
        self._fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._fd},rootmode=40000,user_id=0,group_id=0"
        mount("anchord-power", mount_point, "fuse", options)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        unmount(self.mount_point)
        self._thread.join()
        os.close(self._fd)

    def add(self, disk: Disk) -> Path:
        """Serve it under a name that was never used, so no cache of the kernel's knows it."""
        inode, self._next_inode = self._next_inode, self._next_inode + 1
        name = f"disk-{inode}"
        self._disks[inode], self._names[name.encode()] = disk, inode
        return self.mount_point / name

    def remove(self, path: Path):
        self._disks.pop(self._names.pop(path.name.encode())).close()

    def mark(self, text: str):
        self.log.append(Mark(text))

    def take_log(self) -> list:
        log, self.log = self.log, []
        return log

    # Requests. Each handler gets (inode, body) and returns the answer's body, or raises OSError.

    def _serve(self):
        while True:
            try:
                request = os.read(self._fd, MAX_WRITE + BLOCK)
            except OSError as e:
                if e.errno == ENOENT:  # interrupted before we saw it
                    continue
                return  # unmounted
            _, opcode, unique, inode, *_ = IN_HEADER.unpack_from(request)
            if opcode not in SILENT:
                self._answer(unique, *self._call(opcode, inode, request[IN_HEADER.size:]))

    def _call(self, opcode: int, inode: int, body: bytes) -> tuple:
        handler = self._handlers.get(opcode)
        if not handler:
            return ENOSYS, b""
        try:
            return 0, handler(inode, body)
        except KeyError:
            return ENOENT, b""
        except Exception as e:  # the kernel waits for an answer, whatever happens here
            print(f"disk: request {opcode}: {e!r}", flush=True)
            return EIO, b""

    def _answer(self, unique: int, error: int, body: bytes):
        try:
            os.write(self._fd, OUT_HEADER.pack(OUT_HEADER.size + len(body), -error, unique) + body)
        except FileNotFoundError:
            pass  # nobody waits for it any more

    def _init(self, _inode, body):
        major, minor, readahead, flags = INIT_IN.unpack_from(body)
        return INIT_OUT.pack(major, min(minor, 31), readahead,
                             flags & (ASYNC_READ | BIG_WRITES | MAX_PAGES), 64, 48, MAX_WRITE, 1,
                             MAX_WRITE // 4096, 0, 0)

    def _attr(self, inode):
        is_root = inode == ROOT_INODE
        size = 0 if is_root else self._disks[inode].size
        mode = 0o40700 if is_root else 0o100600
        return ATTR.pack(inode, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, BLOCK, 0)

    def _lookup(self, _inode, body):
        inode = self._names[body.rstrip(b"\0")]
        return ENTRY.pack(inode, 0, FOREVER, FOREVER, 0, 0) + self._attr(inode)

    def _getattr(self, inode, _body):
        return ATTR_VALID.pack(FOREVER, 0, 0) + self._attr(inode)

    def _open(self, inode, _body):
        return OPENED.pack(inode, 0, 0)

    def _nothing(self, _inode, _body):
        return b""

    def _read(self, inode, body):
        _, offset, size, *_ = IO.unpack_from(body)
        return self._disks[inode].read(offset, size)

    def _write(self, inode, body):
        _, offset, size, *_ = IO.unpack_from(body)
        disk = self._disks[inode]
        for block, data in disk.write(offset, body[IO.size:IO.size + size]):
            self.log.append(Write(disk.index, block, data))
        return struct.pack("<II", size, 0)

    def _fsync(self, inode, _body):
        self.log.append(Flush(self._disks[inode].index))
        return b""


def mount(source, target, kind: str, options: str, flags: int = 0):
    if _libc.mount(str(source).encode(), str(target).encode(), kind.encode(), flags,
                   options.encode()) < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"mounting {source} on {target}: {os.strerror(errno)}")


def unmount(target):
    if _libc.umount2(str(target).encode(), 0) < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"unmounting {target}: {os.strerror(errno)}")
