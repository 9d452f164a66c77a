# SPDX-License-Identifier: Apache-2.0
"""The law, and its judge: for every user process E, (install; E; undo) = E alone.

E runs twice from the same start, without authorities and with them, and the two trees are compared
in everything: of an overlay the upper, of a bound directory all of it. Times that E sets by the
clock can't agree between two runs. But E says when each of its steps begins and ends, and such a
time must lie in the same step of both runs: what the install or the undo set lies in none.
"""
import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import threading
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from support import manifest, roots
from support.copies import pristine
from support.processes import MADE_BY_US, names, together

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PLACES = {
    "debian": {"B": BUNDLE, "D": "/usr/local/share/ca-certificates", "S": "/etc/ssl/certs",
               "K": "/etc/ssl/certs/java/cacerts", "TOOL": "update-ca-certificates"},
    "bookworm-rhel": {"B": "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                      "D": "/etc/pki/ca-trust/source/anchors", "S": "/etc/pki/tls/certs",
                      "K": "/etc/pki/ca-trust/extracted/java/cacerts",
                      "TOOL": "update-ca-trust"},
    "bookworm-suse": {"B": "/var/lib/ca-certificates/ca-bundle.pem",
                      "D": "/etc/pki/trust/anchors", "S": "/etc/ssl/certs",
                      "K": "/var/lib/ca-certificates/java-cacerts",
                      "TOOL": "update-ca-certificates"},
}

# A slim root is a bound directory that a test can afford by the hundred: what no action writes
# to is mounted read-only from the cached root.
READ_ONLY = ("usr/bin", "usr/sbin", "usr/lib", "usr/share/perl5", "usr/share/debconf")
LEFT_OUT = ("usr/share/doc", "usr/share/locale", "usr/share/man", "usr/share/zoneinfo",
            "usr/share/common-licenses", "usr/share/info", "usr/share/lintian", "var/lib/dpkg",
            "var/lib/apt", "var/cache", "usr/share/perl", "usr/share/terminfo")

# What overlayfs notes for itself on what was copied up. Whether it does differs with the order of
# operations and changes nothing that a process can see; but nothing may be said to come from a file
# that it would not come from without us.
ORIGIN = "trusted.overlay.origin"
OVERLAY_NOTES = ("trusted.overlay.impure", ORIGIN)

# Directories that the install makes, and the one above them.
MADE = {"bookworm-minbase": MADE_BY_US}

# dpkg writes the time into each line.
CLOCKS = {"var/log/dpkg.log": re.compile(rb"^\S+ \S+ ", re.M),
          "var/log/alternatives.log": re.compile(rb"^\S+ \S+ \S+ ", re.M)}

# Longer than a tick of the clock that gives files their times.
STEP = """
step() { echo "@ $(date +%s%N) $1"; sleep 0.01; }
"""


class Law:
    """What all judgements of one session share."""

    def __init__(self, daemon, workspace: Path, operator, stranger, name: str, debs: Path):
        self.daemon, self.workspace = daemon, workspace
        self.gift = workspace / "gift"
        self.gift.mkdir()
        (self.gift / "own.pem").write_text(stranger.pem)
        (self.gift / "same.pem").write_text(operator.pem)
        lines = operator.pem.strip().splitlines()
        (self.gift / "wide.pem").write_text("\n".join((lines[0], "".join(lines[1:-1]), lines[-1]))
                                            + "\n")
        self.name = name
        for deb in debs.glob("*.deb"):
            shutil.copy(deb, self.gift)

    def script(self, root: str, actions) -> str:
        where = PLACES.get(root, PLACES["debian"])
        variables = where | {"OWN": "/gift/own.pem", "SAME": "/gift/same.pem",
                             "WIDE": "/gift/wide.pem", "NAME": self.name, "DEBS": "/gift",
                             "SOURCE_DATE_EPOCH": "1"}
        lines = [f"export {key}='{value}'" for key, value in variables.items()]
        steps = "".join(f"{action.script}\nstep $?\n" for action in actions)
        return "\n".join(lines) + STEP + "cd /\nstep 0\n" + steps

    def judge(self, root: str, how: str, actions, directory: Path) -> list:
        """The disagreements, one line each."""
        runs = [Run(self, root, how, directory / trust) for trust in ("off", "require")]
        try:
            for run, trust in zip(runs, ("off", "require")):
                run.exec(trust, self.script(root, actions))
            return compare(root, *runs, actions)
        finally:
            shutil.rmtree(directory)


class Seen(NamedTuple):
    """An entry, with what can be compared only in words."""
    entry: manifest.Entry
    content: bytes   # of what CLOCKS and keystores say besides times
    links: str       # the first name of the same file, by the alphabet
    origin: str      # the kernel's note of what it was copied up from


def _keystore(data: bytes) -> bytes:
    """
    The entries of a JKS keystore without their times and the digest over all; sorted, since
    their order is that of a hash table, and depends on what else was in it while it grew.
    """
    at, entries = 12, []
    while at < len(data) - 20:
        begin, n = at, int.from_bytes(data[at + 4:at + 6], "big")
        at += 6 + n + 8  # the time is left out
        n = int.from_bytes(data[at + 7:at + 11], "big")
        entries.append(data[begin:at - 8] + data[at:at + 11 + n])
        at += 11 + n
    return data[:12] + b"".join(sorted(entries))


def _words(path: str, host: str) -> bytes:
    if path in CLOCKS:
        with open(host, "rb") as f:
            return CLOCKS[path].sub(b"", f.read())
    with open(host, "rb") as f:
        if f.read(8) != bytes.fromhex("feedfeed00000002"):
            return b""
        f.seek(0)
        return _keystore(f.read())


class Run:
    """One of the two: a tree of its own, and what was said in it."""

    def __init__(self, law: Law, root: str, how: str, directory: Path):
        self.law, self.how, self.tree = law, how, directory / "root"
        lower = roots.make(root)
        directory.mkdir(parents=True)
        if how == "overlay":
            (directory / "work").mkdir()
            self.tree.mkdir()
            shutil.copystat(lower, self.tree)
            self.options = ["--overlay",
                            f"lower={lower},upper={self.tree},work={directory / 'work'}"]
            self.before = pristine(root)
        else:
            subprocess.run(["cp", "-a", slim(law.workspace, root), self.tree], check=True)
            self.options = ["--rootfs", str(self.tree)]
            for path in READ_ONLY:
                if (lower / path).is_dir():
                    self.options += ["--mount",
                                     f"type=bind,source={lower / path},destination=/{path},ro"]
            self.before = before(law.workspace, root)
        self.options += ["--mount", f"type=bind,source={law.gift},destination=/gift,ro"]

    def exec(self, trust: str, script: str):
        self.done = self.law.daemon.ctl("run", *self.options, "--ca", trust, "sh", "-c", script,
                                        timeout=300)
        lines = self.done.stdout.splitlines()
        marks = [line.split()[1:] for line in lines if line.startswith("@ ")]
        self.times = [int(mark[0]) for mark in marks]
        self.statuses = [mark[1] for mark in marks]
        self.output = [line for line in lines if not line.startswith("@ ")]
        self.seen = self.look()

    def look(self) -> dict:
        seen, first = {}, {}
        for path, entry in sorted(manifest.read(self.tree).items()):
            host = os.path.join(self.tree, path)
            links = ""
            if entry.n_links > 1:
                links = first.setdefault(os.lstat(host).st_ino, path)
            content = _words(path, host) if entry.kind == "file" else b""
            xattrs = tuple(x for x in entry.xattrs if x[0] not in OVERLAY_NOTES)
            origin = dict(entry.xattrs).get(ORIGIN, "")
            seen[path] = Seen(entry._replace(xattrs=xattrs), content, links, origin)
        return seen

    def moment(self, time_ns: int):
        """The step of the process that set this time, or the time itself if none did."""
        step = bisect_right(self.times, time_ns)
        return f"step {step}" if 0 < step < len(self.times) else time_ns


_making = threading.Lock()


def slim(workspace: Path, root: str) -> Path:
    """What the slim roots are copied from; made once."""
    made = workspace / f"slim-{root}"
    with _making:
        if made.is_dir():
            return made
        made.mkdir()
        leave_out = [f"--exclude=./{path}/*" for path in READ_ONLY]
        leave_out += [f"--exclude=./{path}" for path in LEFT_OUT]
        with subprocess.Popen(["tar", "-C", roots.make(root), *leave_out, "-cf", "-", "."],
                              stdout=subprocess.PIPE) as pack:
            subprocess.run(["tar", "-C", made, "-xpf", "-"], stdin=pack.stdout, check=True)
        assert pack.returncode == 0
    return made


@lru_cache
def before(workspace: Path, root: str) -> dict:
    """The manifest of a slim root; to be left as it is."""
    return manifest.read(slim(workspace, root))


def _is_whiteout(entry: manifest.Entry) -> bool:
    """Those of a mount are links to the first one, which may have been of ours: no time counts."""
    return entry.kind == "char device" and entry.device == 0


def _fields(run: Run, seen: Seen) -> dict:
    entry = seen.entry._asdict()
    entry["mtime_ns"] = 0 if _is_whiteout(seen.entry) else run.moment(seen.entry.mtime_ns)
    entry["links"] = seen.links
    if seen.content:
        entry["size"] = 0
        entry["sha256"] = hashlib.sha256(seen.content).hexdigest()
    return entry


def _differences(alone: Run, ours: Run) -> list:
    """(path, text) of each."""
    found = []
    for path in sorted(alone.seen.keys() | ours.seen.keys()):
        if path not in ours.seen:
            found.append((path, f"missing: {path}"))
        elif path not in alone.seen:
            found.append((path, f"left behind: {path} ({ours.seen[path].entry.kind})"))
        else:
            wanted = _fields(alone, alone.seen[path])
            got = _fields(ours, ours.seen[path])
            if ours.seen[path].origin not in ("", alone.seen[path].origin):
                found.append((path, f"{path}: is marked as a copy of another file"))
            found += [(path, f"{path}: {field} should be {wanted[field]!r} and is {got[field]!r}")
                      for field in wanted if wanted[field] != got[field]]
    return found


def _copied_in_passing(alone: Run, ours: Run, path: str) -> bool:
    """
    A directory is copied up by any change, also by one to what it was (chmod, chown to the same).
    Where the install had copied it up, that can't be told from a look-up, for which the kernel
    notes an origin on it; it goes. The mount shows the same, and that is compared.
    """
    if path in ours.seen or alone.how != "overlay":
        return False
    entry, lower = alone.seen[path].entry, alone.before.get(path)
    return (entry.kind == "directory" and lower is not None
            and entry._replace(xattrs=()) == lower._replace(xattrs=()))


def _adopted(root: str, alone: Run, ours: Run, path: str) -> bool:
    """
    mkdir -p of a directory that the install made, and all but the last write to its file, leave no
    sign. So where one action does that and another one more, the directory may have the time of
    the second, or be gone if nothing is in it. If it is gone, the one above has its old time.
    """
    made = MADE.get(root, ())
    if path not in made:
        return False
    if path not in ours.seen:
        return all(other in made or not other.startswith(path + "/") for other in alone.seen)
    wanted, got = (_fields(run, run.seen[path]) for run in (alone, ours))
    times = wanted.pop("mtime_ns"), got.pop("mtime_ns")
    return wanted == got and (all(isinstance(time, str) for time in times)
                              or _has_old_time(ours, path) and _is_gone_below(made, ours, path))


def _has_old_time(run: Run, path: str) -> bool:
    return path in run.before and run.seen[path].entry.mtime_ns == run.before[path].mtime_ns


def _is_gone_below(made: tuple, run: Run, path: str) -> bool:
    return not any(other in run.seen for other in made if other.startswith(path + "/"))


def _fits(path: str, patterns) -> bool:
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


def _differs_in_time(alone: Run, ours: Run, path: str) -> bool:
    """In nothing else; an overlay may show a directory's old time by not having it in the upper."""
    def timeless(entry: manifest.Entry):
        return entry._replace(mtime_ns=0, xattrs=())

    if path not in alone.seen:
        return False
    if path not in ours.seen and alone.how != "overlay":
        return False
    got = ours.seen[path].entry if path in ours.seen else ours.before.get(path)
    return got is not None and timeless(got) == timeless(alone.seen[path].entry)


def compare(root: str, alone: Run, ours: Run, actions) -> list:
    for run in (alone, ours):
        if len(run.times) != len(actions) + 1:
            return [f"the process broke off: {run.done.stdout[-500:]} {run.done.stderr[-500:]}"]
    rows = together(actions)
    free = [pattern for row in (*actions, *rows) for pattern in row.differs]
    times = [pattern for row in rows for pattern in row.times]
    lines = [text for path, text in _differences(alone, ours)
             if not _fits(path, free)
             and not (_fits(path, times) and _differs_in_time(alone, ours, path))
             and not _copied_in_passing(alone, ours, path)
             and not (len(actions) > 1 and _adopted(root, alone, ours, path))]
    if not any(row.tells for row in (*actions, *rows)) \
            and not any(action.reads for action in actions):
        if alone.statuses != ours.statuses:
            lines.append(f"exit statuses should be {alone.statuses} and are {ours.statuses}")
        if alone.output != ours.output:
            lines.append(f"output should be {alone.output} and is {ours.output}")
    return lines


def shrink(law: Law, root: str, how: str, actions, make_directory) -> tuple:
    """A part of the sequence that disagrees as well, and no part of which does."""
    for i in range(len(actions)):
        fewer = actions[:i] + actions[i + 1:]
        if fewer and law.judge(root, how, fewer, make_directory()):
            return shrink(law, root, how, fewer, make_directory)
    return actions


def report(root: str, how: str, actions, seed, lines) -> str:
    return f"{root} {how} seed {seed}: {names(actions)}\n    " + "\n    ".join(lines[:12])
