# SPDX-License-Identifier: Apache-2.0
"""What is on the disks, what runs, and who else writes meanwhile."""
import ctypes
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

from disk import BLOCK
from support import roots

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"

# The process: what it syncs must survive from the word on that it prints then.
OWN_FILE = ("mkdir -p /srv/own && echo kept > /srv/own/kept && sync /srv/own/kept /srv/own && "
            "echo kept && echo loose > /srv/own/loose")
EDITS_BUNDLE = f"cat >> {BUNDLE} && sync {BUNDLE} && {OWN_FILE}"
AS_IT_IS = "true"

# What the next exec does to the same tree, without authorities.
AFTER = ("mkdir -p /srv/later && echo after > /srv/later/after && sync /srv/later/after && "
         "echo after")
AFTER_BUNDLE = f"echo '# after' >> {BUNDLE} && sync {BUNDLE} && {AFTER}"


class Scene(NamedTuple):
    root: str          # a name of roots.RECIPES
    how: str           # bind: a directory; overlay: an upper; layers: all layers, so that there is an
                       # underlay; volume: a bind with /etc/ssl mounted
    strategies: str    # what --ca-strategies gets
    process: str       # a shell script; its standard input is a stranger's certificate
    after: str         # the script of the next exec
    meanwhile: str     # a name of MEANWHILE
    n_disks: int = 1   # 2: the state directory lies on a disk of its own


NATIVE, HELPER, APPEND = "drop-in,native", "drop-in,helper", "append,create"

SCENES = {
    "bind-native": Scene("bookworm-ca", "bind", NATIVE, EDITS_BUNDLE, AFTER_BUNDLE, "quiet"),
    "bind-helper": Scene("bookworm-ca", "bind", HELPER, OWN_FILE, AFTER_BUNDLE, "neighbour"),
    "bind-append": Scene("bookworm-ca", "bind", APPEND, EDITS_BUNDLE, AFTER_BUNDLE, "syncing"),
    "bind-create": Scene("bookworm-minbase", "bind", APPEND, OWN_FILE, AFTER, "neighbour", 2),
    "overlay-native": Scene("bookworm-ca", "overlay", NATIVE, OWN_FILE, AFTER_BUNDLE, "neighbour"),
    "overlay-helper": Scene("bookworm-ca", "overlay", HELPER, EDITS_BUNDLE, AFTER_BUNDLE,
                            "syncing"),
    "overlay-append": Scene("bookworm-ca", "overlay", APPEND, EDITS_BUNDLE, AFTER_BUNDLE, "quiet"),
    "overlay-create": Scene("bookworm-minbase", "overlay", APPEND, OWN_FILE, AFTER, "quiet"),
    "overlay-apart": Scene("bookworm-ca", "overlay", NATIVE, EDITS_BUNDLE, AFTER_BUNDLE,
                           "neighbour", 2),
    "layers-native": Scene("bookworm-ca", "layers", NATIVE, EDITS_BUNDLE, AFTER_BUNDLE, "quiet"),
    "layers-append": Scene("bookworm-ca", "layers", APPEND, OWN_FILE, AFTER_BUNDLE, "neighbour"),
    "layers-syncing": Scene("bookworm-ca", "layers", NATIVE, EDITS_BUNDLE, AFTER_BUNDLE,
                            "syncing"),
    "bind-apart": Scene("bookworm-ca", "bind", NATIVE, AS_IT_IS, AFTER_BUNDLE, "quiet", 2),
    "volume-native": Scene("bookworm-ca", "volume", NATIVE, EDITS_BUNDLE, AFTER_BUNDLE,
                           "neighbour"),
    "volume-apart": Scene("bookworm-ca", "volume", APPEND, OWN_FILE, AFTER_BUNDLE, "quiet", 2),
}

# What no process here looks at; reading it would only take time.
LEFT_OUT = ("usr/share/doc", "usr/share/locale", "usr/share/man", "usr/share/zoneinfo",
            "usr/share/perl*", "usr/share/i18n", "usr/lib/*/perl*", "usr/lib/*/gconv",
            "usr/lib/locale", "usr/lib/apt", "var/lib/apt", "var/lib/dpkg", "var/cache", "dev/*",
            "usr/bin/perl*", "usr/share/bash-completion")

SIZES_MB = (192, 32)  # of the disk with the tree, of the one with the state


UPPERS = ("overlay", "layers")


def lower(scene: Scene, tree: Path) -> Path:
    """Of an overlay whose disk is mounted on @tree."""
    return tree / "root" if scene.how == "layers" else roots.make(scene.root)


def options(scene: Scene, places: list) -> list:
    """Arguments of anchorctl for the tree on the disks that are mounted on @places."""
    tree = places[0]
    if scene.how in UPPERS:
        return ["--overlay", f"lower={lower(scene, tree)},upper={tree}/upper,work={tree}/work"]
    volume = ["-v", f"type=bind,source={tree}/volume,destination=/etc/ssl"]
    return ["--rootfs", f"{tree}/root", *(volume if scene.how == "volume" else [])]


def trees(scene: Scene, place: Path) -> Path:
    """What a user owns below the place of the first disk."""
    return place / {"bind": "root", "overlay": "upper", "layers": "upper", "volume": "."}[scene.how]


def make_images(scene: Scene, directory: Path) -> list:
    """The disks as they are before: made by mkfs with the tree in it."""
    images = []
    for n in range(scene.n_disks):
        content = directory / f"content-{n}"
        (content / "state").mkdir(parents=True)
        (content / "neighbour").touch()
        if n == 0:
            _fill(scene, content)
        images.append(directory / f"image-{n}")
        with open(images[-1], "wb") as f:
            f.truncate(SIZES_MB[n] << 20)
        subprocess.run(["mkfs.ext4", "-q", "-b", str(BLOCK), "-d", content, "-E",
                        "lazy_itable_init=0,lazy_journal_init=0,nodiscard", images[-1]], check=True)
        shutil.rmtree(content)
    return images


def _fill(scene: Scene, content: Path):
    if scene.how in UPPERS:
        (content / "upper").mkdir()
        (content / "work").mkdir()
        shutil.copystat(roots.make(scene.root), content / "upper")
    if scene.how == "overlay":
        return
    left_out = [f"--exclude=./{path}" for path in LEFT_OUT]
    root = content / "root"
    root.mkdir()
    pack = subprocess.Popen(["tar", "-C", roots.make(scene.root), *left_out, "-cf", "-", "."],
                            stdout=subprocess.PIPE)
    subprocess.run(["tar", "-C", root, "-xpf", "-"], stdin=pack.stdout, check=True)
    assert pack.wait() == 0
    if scene.how == "volume":
        subprocess.run(["cp", "-a", root / "etc/ssl", content / "volume"], check=True)


# Who else uses the disks while the exec runs.

def _sync_file_system(place: Path, fd: int):
    ctypes.CDLL(None).syncfs(fd)


def _sync_own_file(place: Path, _fd: int):
    """Commits everybody's metadata, but not the content of others' new files."""
    fd = os.open(place / "neighbour", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.write(fd, b"mine")
    os.fsync(fd)
    os.close(fd)


MEANWHILE = {"quiet": None, "neighbour": _sync_own_file, "syncing": _sync_file_system}


class Meanwhile:
    """Does it again and again on each place until the end of the block."""

    def __init__(self, name: str, places: list):
        self._act, self._places = MEANWHILE[name], places
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        fds = [os.open(place, os.O_RDONLY) for place in self._places]
        while not self._end.is_set():
            for place, fd in zip(self._places, fds):
                self._act(place, fd)
            time.sleep(0.001)
        for fd in fds:
            os.close(fd)

    def __enter__(self):
        if self._act:
            self._thread.start()

    def __exit__(self, *_):
        self._end.set()
        if self._act:
            self._thread.join()
