# SPDX-License-Identifier: Apache-2.0
"""The layer that a build or a commit made, from the archive that the engine exports."""
import hashlib
import json
import tarfile
from pathlib import Path
from typing import NamedTuple

KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "directory",
         tarfile.SYMTYPE: "link", tarfile.LNKTYPE: "hard link", tarfile.CHRTYPE: "char device",
         tarfile.BLKTYPE: "block device", tarfile.FIFOTYPE: "fifo"}


class Entry(NamedTuple):
    kind: str
    mode: str
    owner: str
    size: int
    sha256: str
    link: str
    device: tuple
    xattrs: tuple  # and whatever else is in the extended headers
    mtime: str     # "new" for what was written since the step began


# Files that runtimes make to mount on; each runtime gives them another mode.
MOUNTED_ON = ("etc/hosts", "run/.containerenv")

# In seconds, and of no file of the image: steps that set times set such old ones.
TIME_HEADERS = ("mtime", "atime", "ctime")


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo, since: float) -> Entry:
    content = tar.extractfile(member).read() if member.isreg() else b""
    return Entry(
        kind=KINDS[member.type], mode=oct(member.mode), owner=f"{member.uid}:{member.gid}",
        size=member.size, sha256=hashlib.sha256(content).hexdigest() if content else "",
        link=member.linkname, device=(member.devmajor, member.devminor),
        xattrs=tuple(sorted((k, v) for k, v in member.pax_headers.items()
                            if k not in TIME_HEADERS)),
        mtime="new" if member.mtime >= int(since) else str(member.mtime))


def without_mode(path: str, entry):
    is_mounted_on = path in MOUNTED_ON and entry.size == 0
    return entry._replace(mode="any") if is_mounted_on else entry


def read_layer(file, since: float) -> dict:
    """path -> Entry. @file is a layer's tar; a path that is in it twice is an error."""
    entries = {}
    with tarfile.open(fileobj=file) as tar:
        for member in tar:
            assert member.name not in entries, f"{member.name} is in the layer twice"
            entries[member.name] = without_mode(member.name, _entry(tar, member, since))
    return entries


def read_layers_above_base(archive: Path, since: float) -> list:
    """Of an archive as `docker save` and `podman save` make it: all layers but the first."""
    with tarfile.open(archive) as tar:
        [image] = json.load(tar.extractfile("manifest.json"))
        return [read_layer(tar.extractfile(name), since) for name in image["Layers"][1:]]


def contents_above_base(archive: Path) -> list:
    """The bytes of each layer but the first: what no authority may be found in."""
    with tarfile.open(archive) as tar:
        [image] = json.load(tar.extractfile("manifest.json"))
        return [tar.extractfile(name).read() for name in image["Layers"][1:]]
