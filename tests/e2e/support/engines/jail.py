# SPDX-License-Identifier: Apache-2.0
"""A place for container engines: namespaces of its own, so that nothing they mount or leave
running reaches the machine, and cgroup2 alone below /sys/fs/cgroup.

/run and /dev/shm are empty; the network is loopback. The engines' own processes sit in the
leaf "harness", as those of a service manager would: an inner cgroup with processes could
not give controllers to its children.
"""
import ctypes
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from support.daemon import ENVIRONMENT, PATIENCE, cgroup_mount, host_mounts, is_alive, wait_until

NAMESPACES = ("mnt", "pid", "ipc", "uts", "net", "cgroup")
CLONE_NEWNET = 0x40000000
INIT = Path(__file__).with_name("init.py")


def _namespaces_of(pid) -> dict:
    found = {}
    for name in NAMESPACES:
        try:
            found[name] = os.readlink(f"/proc/{pid}/ns/{name}")
        except OSError:
            pass
    return found


class Jail:
    """@directory holds what the engines write; it is the caller's to remove."""

    def __init__(self, directory: Path, name: str):
        self.directory = directory
        self.cgroup = cgroup_mount() / name
        self.harness = self.cgroup / "harness"
        (directory / "tmp").mkdir(parents=True)
        self.harness.mkdir(parents=True)
        self.environment = ENVIRONMENT | {"HOME": "/run", "TMPDIR": str(directory / "tmp"),
                                          "LANG": "C.UTF-8"}
        self._outer = subprocess.Popen(
            self._in_cgroup(self.cgroup, [
                "setpriv", "--pdeathsig", "KILL",  # when the tests themselves are killed
                "unshare", "--mount", "--propagation", "private", "--pid", "--fork",
                "--kill-child", "--mount-proc", "--ipc", "--uts", "--net", "--cgroup",
                sys.executable, "-B", "-S", str(INIT)]),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env=self.environment)
        if self._outer.stdout.readline() != "ready\n":
            self._remove_cgroups()
            raise RuntimeError("the jail was not made")
        outer = self._outer.pid
        self.init = int(Path(f"/proc/{outer}/task/{outer}/children").read_text())
        for pid in (outer, self.init):
            (self.harness / "cgroup.procs").write_text(str(pid))
        self._namespaces = _namespaces_of(self.init)
        # As long as they are open, no other namespace can get their numbers.
        self._open = [open(f"/proc/{self.init}/ns/{name}") for name in NAMESPACES]
        self._mounts = self.mounts()

    @staticmethod
    def _in_cgroup(cgroup: Path, argv: list) -> list:
        return ["sh", "-c", 'echo $$ >"$0" && exec "$@"', str(cgroup / "cgroup.procs"), *argv]

    # What runs in it.

    def argv(self, argv) -> list:
        return self._in_cgroup(self.harness, [
            "nsenter", "--target", str(self.init), "--mount", "--uts", "--ipc", "--net", "--pid",
            "--cgroup", "--", *map(str, argv)])

    def spawn(self, argv, env=None, **kwargs) -> subprocess.Popen:
        options = {"stdin": subprocess.DEVNULL, "text": True, "errors": "replace"} | kwargs
        return subprocess.Popen(self.argv(argv), env=self.environment | (env or {}), **options)

    def run(self, argv, stdin="", env=None, timeout=PATIENCE, **kwargs):
        """Run a command to its end; output is text."""
        options = {"capture_output": True, "text": True, "errors": "replace"} | kwargs
        return subprocess.run(self.argv(argv), input=stdin, timeout=timeout,
                              env=self.environment | (env or {}), **options)

    def check(self, argv, **kwargs) -> str:
        """Run a command that must succeed; its output without the last line end."""
        done = self.run(argv, **kwargs)
        assert done.returncode == 0, f"{argv} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout.rstrip("\n")

    def in_network(self, make):
        """Call @make where sockets are of the jail's network; what it made is returned."""
        made = []

        def enter():
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{self.init}/ns/net") as network:
                if libc.setns(network.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(make())

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        return made[0]

    def path(self, path: str) -> Path:
        """The host path of a path in the jail."""
        return Path(f"/proc/{self.init}/root{path}")

    # What is there.

    def mounts(self) -> list:
        lines = Path(f"/proc/{self.init}/mountinfo").read_text().splitlines()
        return sorted(line.split()[4] for line in lines)

    def new_mounts(self) -> list:
        left = self.mounts()
        for mount in self._mounts:
            left.remove(mount)
        return left

    def processes(self) -> dict:
        """Host pid -> command line, of everything in the jail and in containers of it, but its
        process 1.
        """
        found = {}
        for procs in self.cgroup.glob("**/cgroup.procs"):
            try:
                pids = [int(pid) for pid in procs.read_text().split()]
            except OSError:  # the cgroup has just been removed
                continue
            for pid in pids:
                try:
                    line = Path(f"/proc/{pid}/cmdline").read_bytes()
                except OSError:
                    continue
                if pid not in (self.init, self._outer.pid) and is_alive(pid):
                    found[pid] = line.replace(b"\0", b" ").decode(errors="replace").strip()
        return found

    def wait_until_empty(self):
        deadline = time.monotonic() + PATIENCE
        while left := self.processes():
            assert time.monotonic() < deadline, f"still running: {left}"
            time.sleep(0.02)

    def cgroups(self) -> list:
        """Cgroups below the jail's, but the harness."""
        return sorted(str(d.relative_to(self.cgroup)) for d in self.cgroup.glob("**/")
                      if d not in (self.cgroup, self.harness))

    # Its end.

    def close(self):
        """End everything in it, whatever happened, and check that the machine is as before."""
        self._outer.kill()  # the kernel then kills process 1, and that ends all the others
        self._outer.wait(PATIENCE)
        wait_until(lambda: not is_alive(self.init), PATIENCE, "the jail's process 1 ends")
        self._outer.stdout.close()
        self.wait_until_empty()
        self._remove_cgroups()
        ours = set(self._namespaces.values()) - set(_namespaces_of("self").values())
        pids = filter(str.isdigit, os.listdir("/proc"))
        left = [f"namespace {ns} of process {pid}" for pid in pids
                for ns in _namespaces_of(pid).values() if ns in ours and is_alive(int(pid))]
        for namespace in self._open:
            namespace.close()
        left += [f"mount {m}" for m in host_mounts() if m[0].startswith(str(self.directory))]
        if self.cgroup.exists():
            left.append(f"cgroup {self.cgroup}")
        assert not left, "left of the jail:\n" + "\n".join(left)

    def _remove_cgroups(self):
        def removed():
            for directory in sorted(self.cgroup.glob("**/"), reverse=True):
                try:
                    directory.rmdir()
                except OSError:
                    pass  # busy until the last of its processes has gone
            return not self.cgroup.exists()
        wait_until(removed, PATIENCE, f"{self.cgroup} can be removed")
