# SPDX-License-Identifier: Apache-2.0
"""The real update-ca-certificates as the judge: run by plain chroot over an overlay in a mount
namespace of its own, with nothing of anchord in the way.

A *state* is a list of layers, the topmost first; the last one is a cached root. What a program
did to a state is in an upper directory over it, and two uppers are compared by what a process
would see through them.
"""
import itertools
import os
import stat
import subprocess
from pathlib import Path

from support import manifest, roots

TOOL = "/usr/sbin/update-ca-certificates"
LOCAL = "/usr/local/share/ca-certificates"
STORE = "/etc/ssl/certs"
BUNDLE = f"{STORE}/ca-certificates.crt"
CONF = "/etc/ca-certificates.conf"
MOZILLA = "/usr/share/ca-certificates/mozilla"
CERTIFICATES = "/mnt"  # where Oracle.run() shows the tests' own ones

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOUNT = """
mount -t overlay -o "redirect_dir=off,metacopy=off,index=off,lowerdir=$1,upperdir=$2,workdir=$3" \
    overlay "$4"
mount -t proc proc "$4/proc"
mount --rbind /dev "$4/dev"
mount --bind "$5" "$4/mnt"
exec env -i PATH="$7" chroot "$4" /bin/sh -c "$6" </dev/null
"""

# A handful of certificates, as the tool itself puts them in place.
SMALL = f"""set -e
grep -E '^mozilla/(A|ISRG_Root_X1)' {CONF} > /tmp/conf; cat /tmp/conf > {CONF}; rm /tmp/conf
{TOOL} --fresh
"""

_counter = itertools.count(1)


class Oracle:
    def __init__(self, directory: Path, certificates: Path):
        self.directory, self.certificates = directory, certificates
        self.place = directory / "place"  # nothing is ever mounted there but in a namespace
        self.place.mkdir(parents=True)
        self._small = {}

    def layer(self) -> Path:
        """A directory for an upper; its root is like that of an image."""
        layer = self.directory / f"layer-{next(_counter)}"
        layer.mkdir()
        os.chmod(layer, 0o755)
        return layer

    def run(self, layers: list, upper: Path, script: str):
        """Run a script in a chroot; what it writes is in @upper."""
        work = self.layer()
        try:
            return subprocess.run(
                ["unshare", "-m", "--propagation", "private", "sh", "-ec", MOUNT, "sh",
                 ":".join(map(str, layers)), upper, work, self.place, self.certificates, script,
                 PATH], capture_output=True, text=True, errors="replace", timeout=120)
        finally:
            subprocess.run(["rm", "-rf", work], check=True)

    def state(self, layers: list, script: str) -> list:
        """The layers with one more on top, which the script has written."""
        upper = self.layer()
        done = self.run(layers, upper, script)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return [upper, *layers]

    def small(self, name: str) -> list:
        """A root with a small store; made once."""
        if name not in self._small:
            self._small[name] = self.state([roots.make(name)], SMALL)
        return self._small[name]

    def tool(self, layers: list, authorities, before="") -> tuple:
        """What the real tool makes of the state with drop-in files put there by hand."""
        script = "".join(f"install -m 644 -D '{CERTIFICATES}/{a.certificate.name}' "
                         f"{LOCAL}/{a.dropin}\n" for a in authorities)
        upper = self.layer()
        done = self.run(layers, upper, f"{script}{before}\n{TOOL}")
        return upper, done


def _is_whiteout(st) -> bool:
    return stat.S_ISCHR(st.st_mode) and st.st_rdev == 0


def lookup(layers: list, path: str):
    """What overlayfs shows at a path of a stack of layers; None if there is nothing."""
    names = Path(path).parts
    for i in range(1, len(names) + 1):
        prefix, seen = os.path.join(*names[:i]), []
        for layer in layers:
            try:
                st = os.lstat(f"{layer}/{prefix}")
            except (FileNotFoundError, NotADirectoryError):
                continue
            if _is_whiteout(st) or (seen and not stat.S_ISDIR(st.st_mode)):
                break
            seen.append(layer)
            opaque = stat.S_ISDIR(st.st_mode) and "trusted.overlay.opaque" in os.listxattr(
                f"{layer}/{prefix}", follow_symlinks=False)
            if opaque or not stat.S_ISDIR(st.st_mode):
                break
        if not seen:
            return None
        layers = seen
    entry = manifest.entry(f"{layers[0]}/{path}")
    xattrs = tuple(x for x in entry.xattrs if not x[0].startswith("trusted.overlay."))
    return entry._replace(xattrs=xattrs, n_links=0)


def paths_of(upper: Path) -> set:
    found = set()
    for directory, directories, files in os.walk(upper):
        found |= {os.path.relpath(os.path.join(directory, n), upper) for n in directories + files}
    return found


def _made_of(layers: list, uppers: list, path: str):
    """What is on top makes of a state at a path; its time says whether that was changed. An install
    leaves directories theirs, which no tool does."""
    entry, before = lookup([*uppers, *layers], path), lookup(layers, path)
    if entry is None:
        return None
    is_changed = entry.kind != "directory" and (not before or entry.mtime_ns != before.mtime_ns)
    return entry._replace(mtime_ns=int(is_changed))


def differences(layers: list, wanted: Path, found: list, ignore=()) -> list:
    """Where the whole trees that an upper, and directories on top, make of a state differ."""
    lines = []
    for path in sorted(paths_of(wanted).union(*map(paths_of, found))):
        if any(path == i or path.startswith(f"{i}/") for i in ignore):
            continue
        of_tool, of_ours = (_made_of(layers, upper, path) for upper in ([wanted], found))
        if of_tool != of_ours:
            lines.append(f"/{path}\n  tool: {of_tool}\n  ours: {of_ours}")
    return lines
