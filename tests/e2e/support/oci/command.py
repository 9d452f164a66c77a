# SPDX-License-Identifier: Apache-2.0
"""A runtime's command line as a test calls it, in a jail, with a state directory of its own."""
import copy
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from . import comparison
from .documents import DOCUMENT
from .jail import Jail

PATIENCE = 10
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def wait_until(condition, what: str, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)
    return answer


class Runtime:
    """rt("kill", "a", "9") runs the runtime; what a test made is removed, and nothing may stay."""

    def __init__(self, jail: Jail, directory: Path, probe: Path):
        self.jail, self.directory, self.probe = jail, directory, probe
        self.binary = comparison.binary()
        self.root = directory / "state"
        self.ids = []
        self.before = self._left()

    def command(self, *words, root=True) -> list:
        return [self.binary, *(["--root", str(self.root)] if root else []), *map(str, words)]

    def __call__(self, *words, root=True, **kwargs) -> subprocess.CompletedProcess:
        options = {"env": ENVIRONMENT, "cwd": self.directory} | kwargs
        return self.jail.run(self.command(*words, root=root), **options)

    def leaving(self, *words, **kwargs) -> subprocess.CompletedProcess:
        """For what leaves a container behind: that would keep pipes open."""
        with open(self.directory / "stderr", "w+") as stderr:
            done = self(*words, **{"capture_output": False, "stdout": subprocess.DEVNULL,
                                   "stderr": stderr} | kwargs)
            stderr.seek(0)
            done.stderr = stderr.read()
        return done

    def ok(self, *words, **kwargs) -> str:
        """Its output; it must work."""
        done = self(*words, **kwargs)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stderr}"
        return done.stdout

    def fails(self, *words, code=1, says=(), **kwargs) -> str:
        """Its complaint; it must fail, with this code and these words."""
        done = self(*words, **kwargs)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        for part in [says] if isinstance(says, str) else says:
            assert part in done.stderr, f"{part!r} isn't in {done.stderr!r}"
        return done.stderr

    def popen(self, *words, **kwargs) -> subprocess.Popen:
        options = {"env": ENVIRONMENT, "cwd": self.directory, "stdin": subprocess.DEVNULL} | kwargs
        return self.jail.popen(self.command(*words), **options)

    # What is run.

    def bundle(self, *args, change=None, name="bundle") -> Path:
        """A bundle whose container runs the probe with @args; change(document) last."""
        bundle = self.directory / name
        for directory in ("proc", "sys", "dev", "etc"):
            (bundle / "rootfs" / directory).mkdir(parents=True, exist_ok=True)
        shutil.copy(self.probe, bundle / "rootfs/oci-probe")
        (bundle / "rootfs/etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        document = copy.deepcopy(DOCUMENT)
        document["linux"]["cgroupsPath"] = f"/oci/{self.directory.name}"
        document["process"]["args"] = ["/oci-probe", *args]
        if change:
            change(document)
        (bundle / "config.json").write_text(json.dumps(document))
        return bundle

    def create(self, *args, name="a", options=(), change=None, **kwargs) -> Path:
        """Create container @name, whose output goes nowhere."""
        bundle = self.bundle(*args, change=change, name=f"bundle-{name}")
        self.ids.append(name)
        done = self.leaving("create", "--bundle", bundle, *options, name, **kwargs)
        assert done.returncode == 0, done.stderr
        return bundle

    def start(self, *args, name="a", **kwargs) -> Path:
        bundle = self.create(*args, name=name, **kwargs)
        self.ok("start", name)
        return bundle

    def run(self, *args, name="a", options=(), change=None, **kwargs):
        """In the foreground."""
        bundle = self.bundle(*args, change=change, name=f"bundle-{name}")
        self.ids.append(name)
        return self("run", "--bundle", bundle, *options, name, **kwargs)

    # What can be seen of it.

    def state(self, name="a") -> dict:
        return json.loads(self.ok("state", name))

    def status(self, name="a") -> str:
        return self.state(name)["status"]

    def pid(self, name="a") -> int:
        return self.state(name)["pid"]

    def wait_for(self, status: str, name="a"):
        wait_until(lambda: self.status(name) == status, f"{name} is {status}")

    def proc(self, pid: int) -> Path:
        return self.jail.path(f"/proc/{pid}")

    def processes(self) -> set:
        return {int(p) for p in os.listdir(self.jail.path("/proc")) if p.isdigit()}

    def cgroups(self) -> set:
        top = self.jail.path("/sys/fs/cgroup/oci")
        return {str(d) for d, _, _ in os.walk(top)} - {str(top)}

    def _left(self) -> dict:
        mounts = self.jail.path("/proc/1/mountinfo").read_text().splitlines()
        return {"processes": self.processes(), "cgroups": self.cgroups(), "mounts": mounts,
                "states": sorted(os.listdir(self.root)) if self.root.exists() else [],
                # What is compiled once stays in /run/anchord.
                "/run": sorted(set(os.listdir(self.jail.path("/run"))) - {"anchord"})}

    def finish(self):
        """Remove what is left of this test's containers; then all must be as before."""
        for name in self.ids:
            self("delete", "--force", name)
        end = time.monotonic() + 2
        while (left := self._left()) != self.before and time.monotonic() < end:
            time.sleep(0.01)
        try:
            for what in left:
                assert left[what] == self.before[what], what
        finally:
            for pid in left["processes"] - self.before["processes"]:
                self.jail.run(["kill", "-KILL", str(pid)])


class Receiver:
    """A UNIX socket that a runtime sends descriptors to, or datagrams."""

    def __init__(self, path: Path, kind=socket.SOCK_STREAM):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, kind)
        self.socket.settimeout(PATIENCE)
        self.socket.bind(str(path))
        if kind == socket.SOCK_STREAM:
            self.socket.listen(1)

    def descriptors(self) -> tuple:
        """(message, descriptors)"""
        connection, _ = self.socket.accept()
        with connection:
            connection.settimeout(PATIENCE)
            message, fds, _, _ = socket.recv_fds(connection, 4096, 4)
        return message, fds

    def datagram(self) -> bytes:
        return self.socket.recv(4096)

    def close(self):
        self.socket.close()


def read_all(fd: int) -> bytes:
    """Until the other side of a terminal or a pipe is closed."""
    data = b""
    while True:
        try:
            part = os.read(fd, 1 << 16)
        except OSError:   # EIO of a terminal
            part = b""
        if not part:
            os.close(fd)
            return data
        data += part
