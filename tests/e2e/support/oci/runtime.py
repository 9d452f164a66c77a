# SPDX-License-Identifier: Apache-2.0
"""One container by one runtime, and all that it left: run() -> raw observation.

Runs in the jail, as the reaper of what runtimes leave to it.
"""
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from .. import manifest
from . import documents, world

PATIENCE = 6   # seconds
ROOT = f"{documents.BASE}/state"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def become_reaper():
    PR_SET_CHILD_SUBREAPER = 36
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("PR_SET_CHILD_SUBREAPER")


def _processes() -> set:
    return {int(p) for p in os.listdir("/proc") if p.isdigit()}


def _cgroups() -> set:
    return {d for d, _, _ in os.walk("/sys/fs/cgroup")}


def _mounts() -> list:
    return [line.split(" ", 2)[2] for line in Path("/proc/self/mountinfo").read_text().splitlines()]


def _sources() -> dict:
    """Without times: the probe makes a file there, and removes it."""
    return {p: e._replace(mtime_ns=0) for p, e in manifest.read(documents.SOURCE).items()}


class Surroundings:
    """What must be after a container as it was before."""

    def __init__(self):
        self.processes, self.cgroups, self.mounts = _processes(), _cgroups(), _mounts()
        self.sources = _sources()
        self.run = set(os.listdir("/run"))

    def left(self) -> list:
        lines = [f"process {p}: {_command(p)}" for p in sorted(_processes() - self.processes)]
        lines += [f"cgroup {c}" for c in sorted(_cgroups() - self.cgroups)]
        lines += [f"mount {m}" for m in _mounts() if m not in self.mounts]
        lines += [f"mount gone {m}" for m in self.mounts if m not in _mounts()]
        lines += [f"/run/{x}" for x in sorted(set(os.listdir("/run")) - self.run - {"anchord"})]
        if os.path.isdir(ROOT):
            lines += [f"state {x}" for x in sorted(os.listdir(ROOT))]
        return lines + [f"source {x}" for x in manifest.differences(self.sources, _sources())]

    def clean(self):
        """By force, so that the next container finds what this one did."""
        for _ in range(100):
            left = _processes() - self.processes
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            _reap()
            for cgroup in sorted(_cgroups() - self.cgroups, reverse=True):
                try:
                    os.rmdir(cgroup)
                except OSError:
                    pass
            if not left and not _cgroups() - self.cgroups:
                break
            time.sleep(0.01)
        shutil.rmtree(ROOT, ignore_errors=True)
        for name in set(os.listdir("/run")) - self.run:
            shutil.rmtree(f"/run/{name}", ignore_errors=True)
        if not os.path.ismount(f"{documents.SOURCE}/shared/sub"):
            world.mount_below_shared(Path(documents.SOURCE))
            self.mounts = _mounts()
        for path in sorted(_sources().keys() - self.sources.keys(), reverse=True):
            path = f"{documents.SOURCE}/{path}"
            (os.rmdir if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:80]
    except OSError:
        return "?"


def _reap() -> dict:
    """Statuses of children that ended."""
    ended = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = os.waitstatus_to_exitcode(status)


def _stdin(kind: str):
    if kind == "pipe":
        read, write = os.pipe()
        os.write(write, b"question\n")
        os.close(write)
        return read
    if kind == "file":   # of its own: crun and runc give it to the container's user
        path = f"{documents.OUT}/stdin"
        Path(path).write_text("question\n")
        return os.open(path, os.O_RDONLY)
    return os.open("/dev/null", os.O_RDONLY)


class Container:
    def __init__(self, binary: str, request: documents.Request):
        self.binary, self.request = binary, request
        self.seen = {"stderr": "", "states": []}
        self.out = b""

    def call(self, *words, stdout=None, stdin="null", fds=0) -> int:
        """The runtime, with descriptors from 3 on and no others."""
        command = [self.binary, "--root", ROOT, *words]
        fd = _stdin(stdin)
        close = " <&-" if stdin == "closed" else ""
        listen = "export LISTEN_PID=$$;" if "LISTEN_FDS" in self.request.env else ""
        more = " ".join(f"{i}</run/oci/source/tree/file" for i in range(3, 3 + fds))
        with open(f"{documents.OUT}/stderr", "ab") as stderr:
            process = subprocess.Popen(
                ["sh", "-c", f'{listen} exec "$@" {more}{close}', "sh", *command], stdin=fd,
                stdout=subprocess.PIPE if stdout is None else stdout, stderr=stderr,
                env=ENVIRONMENT | self.request.env, cwd=documents.BASE)
        os.close(fd)
        try:
            self.answer, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()   # what it left may hold the pipe: clean() finds that
            process.wait()
            process.stdout and process.stdout.close()
            self.answer = b""
            self.seen["timeout"] = words[0]
        return process.returncode

    def start(self, verb: str, *options, **kwargs) -> int:
        return self.call(verb, "--bundle", documents.BUNDLE, *self.request.options, *options,
                         documents.ID, fds=self.request.extra_fds, **kwargs)

    def run(self):
        self.seen["exit"] = self.start("run", stdin=self.request.stdin)
        self.out = self.answer or b""

    def state(self):
        code = self.call("state", documents.ID)
        try:
            self.seen["states"].append(json.loads(self.answer))
        except ValueError:
            self.seen["states"].append(f"exit {code}")

    def create(self):
        """Step by step; the container writes to a pipe, or to a terminal that comes by socket."""
        pid_file = f"{documents.OUT}/pid"
        options = ["--pid-file", pid_file]
        read, write = os.pipe()
        listener = None
        if self.request.life == "console":
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(f"{documents.OUT}/console")
            listener.listen(1)
            options += ["--console-socket", f"{documents.OUT}/console"]
        self.seen["create"] = self.start("create", *options, stdout=write,
                                         stdin=self.request.stdin)
        os.close(write)
        if self.seen["create"] == 0:
            if listener:
                os.close(read)
                read = self._receive(listener)
            self._live(int(Path(pid_file).read_text()), read)
        else:
            self.state()
        if listener:
            listener.close()
        os.close(read)
        self.call("delete", "--force", documents.ID)

    def _receive(self, listener) -> int:
        listener.settimeout(PATIENCE)
        connection, _ = listener.accept()
        with connection:
            message, fds, _, _ = socket.recv_fds(connection, 4096, 4)
        self.seen["console"] = [len(fds), bool(message)]
        return fds[0]

    def _live(self, pid: int, fd: int):
        self.seen["fifo"] = os.path.exists(f"{ROOT}/{documents.ID}/exec.fifo")
        self.state()
        self.seen["start"] = self.call("start", documents.ID)
        end = time.monotonic() + PATIENCE
        status = None
        while time.monotonic() < end:
            if select.select([fd], [], [], 0.01)[0]:
                try:
                    data = os.read(fd, 1 << 16)
                except OSError:
                    data = b""
                self.out += data
                if data:
                    continue
            status = _reap().get(pid) if status is None else status
            if status is not None:
                break
        self.seen["exit"] = status
        self.state()
        self.seen["delete"] = self.call("delete", documents.ID)

    def observe(self, surroundings: Surroundings) -> dict:
        world.fresh_bundle(self.request.shift)
        config = Path(documents.BUNDLE) / "config.json"
        config.write_text(json.dumps(self.request.document))
        before = manifest.read(documents.BUNDLE)
        if self.request.life == "run":
            self.run()
        else:
            self.create()
        _reap()
        end = time.monotonic() + 0.5   # the kernel takes a moment for what was killed
        while (left := surroundings.left()) and time.monotonic() < end:
            _reap()
            time.sleep(0.01)
        self.seen["left"] = left
        self.seen["stderr"] = Path(f"{documents.OUT}/stderr").read_text(errors="replace")
        self.seen["output"] = self.out.decode(errors="replace")
        self.seen["hooks"] = _lines(documents.HOOKS)
        self.seen["inner hooks"] = _lines(f"{documents.BUNDLE}/rootfs/hooks")
        after = manifest.read(documents.BUNDLE)
        after.pop("rootfs/hooks", None)
        self.seen["files"] = _changes(before, after)
        surroundings.clean()
        return self.seen


def _lines(path: str) -> list:
    try:
        return [json.loads(line) for line in Path(path).read_text().splitlines()]
    except FileNotFoundError:
        return []


def _changes(before: dict, after: dict) -> dict:
    """path -> what became of it; a time only as old or new"""
    changes = {}
    for path in sorted(before.keys() | after.keys()):
        was, is_ = before.get(path), after.get(path)
        if was == is_:
            continue
        if is_ is None:
            changes[path] = "gone"
            continue
        entry = is_._replace(mtime_ns=0)._asdict()
        if was is None:
            changes[path] = {"new": entry}
        else:
            changes[path] = {k: v for k, v in entry.items() if v != getattr(was, k)
                             and k != "mtime_ns"} or "touched"
    return changes


def run(binary: str, request: documents.Request, surroundings: Surroundings) -> dict:
    return Container(binary, request).observe(surroundings)
