# SPDX-License-Identifier: Apache-2.0
"""One private anchord, the anchorctl that talks to it, and what must not be left of both."""
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from support import imitations, schema

REPOSITORY = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("ANCHORD_BIN", REPOSITORY / "build/dev/bin"))
PACKAGED = Path(os.environ.get("ANCHORD_BIN", REPOSITORY / "build/release/bin"))  # as users have it
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
PATIENCE = 60  # seconds after which something hangs


def cgroup_mount() -> Path:
    """Where the cgroup v2 hierarchy is mounted."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        if rest.split()[0] == "cgroup2":
            return Path(fields.split()[4])
    raise RuntimeError("no cgroup2 is mounted on this machine")


def host_mounts() -> list:
    """The mounts of our own namespace, by place and origin."""
    mounts = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        mounts.append((fields.split()[4], *rest.split()[:2]))
    return sorted(mounts)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_until(condition, seconds: float, what: str):
    """Poll until the condition holds; its last falsy value is in the failure's text."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not so after {seconds} s (last: {value!r})"
        time.sleep(0.02)
    return value


class Daemon:
    """
    state, logs and authorities live in @workspace; socket and run directory in @volatile,
    which is on a tmpfs. Both are removed by the caller.
    """

    def __init__(self, workspace: Path, volatile: Path, name: str, authorities=()):
        self.workspace, self.volatile = workspace, volatile
        self.socket = volatile / "anchord.sock"
        self.run_dir = volatile / "run"
        self.state_dir = workspace / "state"
        self.authorities = workspace / "authorities"
        self.log_file = workspace / "anchord.log"
        self.sanitizer_log = workspace / "sanitizer"
        self.cgroup_name = f"/{name}"
        self.cgroup = cgroup_mount() / name
        self.process = None
        self.variables = {}  # more of the daemon's environment
        workspace.mkdir(parents=True)
        volatile.mkdir(parents=True)
        self.authorities.mkdir()
        self.known_tools = workspace / "known-tools"
        self.known_tools.write_text(imitations.known_tools())
        for authority in authorities:
            self.add_authority(authority)
        self.remember_mounts()
        self._fds_before = None

    def add_authority(self, authority):
        shutil.copy(authority.certificate, self.authorities / f"{authority.name}.pem")

    def remember_mounts(self):
        self._mounts_before = host_mounts()

    # Life.

    def command(self) -> list:
        return [str(BIN / "anchord"), "--socket", str(self.socket), "--run-dir", str(self.run_dir),
                "--state-dir", str(self.state_dir), "--authorities", str(self.authorities),
                "--known-tools", str(self.known_tools), "--cgroup", self.cgroup_name]

    def environment(self, fault=None) -> dict:
        sanitizer = f"log_path={self.sanitizer_log}:print_stacktrace=1"
        env = ENVIRONMENT | {"ASAN_OPTIONS": sanitizer + ":detect_leaks=1",
                             "UBSAN_OPTIONS": sanitizer, "LSAN_OPTIONS": sanitizer}
        if fault:
            env["ANCHORD_FAULT"] = fault
        return env | self.variables

    def start(self, fault=None):
        """Start, and wait until it answers (or dies of the fault)."""
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(fault), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        wait_until(lambda: self.answers() or self.process.poll() is not None, PATIENCE,
                   "anchord listens")
        assert self.process.poll() is None, f"anchord did not start:\n{self.log()}"
        return self

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(str(self.socket))
            except OSError:
                return False
        return True

    def stop(self) -> int:
        """SIGTERM, and wait for the end; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self):
        """SIGKILL: no chance to do anything."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def restart(self):
        if self.process and self.process.poll() is None:
            self.stop()
        return self.start()

    def wait_for_death(self):
        """Wait until a fault point has killed it."""
        assert self.process.wait(PATIENCE) == -signal.SIGKILL, self.log()

    def log(self, since: int = 0) -> str:
        if not self.log_file.exists():
            return ""
        return self.log_file.read_bytes()[since:].decode(errors="replace")

    # Talking to it.

    def argv(self, *args) -> list:
        return [str(BIN / "anchorctl"), "--socket", str(self.socket), *map(str, args)]

    def client_environment(self) -> dict:
        log = f"log_path={self.sanitizer_log}"
        return ENVIRONMENT | {"ASAN_OPTIONS": log, "UBSAN_OPTIONS": log, "LSAN_OPTIONS": log}

    def ctl(self, *args, stdin="", timeout=PATIENCE, env=None, cwd=None):
        """Run anchorctl to its end; output is text. Documents must be as their schema says."""
        done = subprocess.run(self.argv(*args), input=stdin, capture_output=True, text=True,
                              errors="replace", timeout=timeout, cwd=cwd,
                              env=self.client_environment() | (env or {}))
        schema.check_printed(args, done, cwd)
        return done

    def spawn(self, *args, **kwargs):
        """Start anchorctl and leave it running."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, "text": True} | kwargs
        return subprocess.Popen(self.argv(*args), env=self.client_environment(), **options)

    def json(self, *args, **kwargs):
        """The document that a verb prints with --json."""
        done = self.ctl(*args, "--json", **kwargs)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    # What is there.

    def containers(self) -> dict:
        """name of a leaf cgroup -> pids in it and below"""
        leaves = {}
        if self.cgroup.is_dir():
            for leaf in self.cgroup.iterdir():
                if leaf.is_dir() and leaf.name != "daemon":
                    leaves[leaf.name] = _pids_below(leaf)
        return leaves

    def fds(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def rss_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def remember_fds(self):
        """Call when everything lazy has happened: later growth is a leak."""
        self._fds_before = self.fds()

    def traces(self) -> list:
        """What is left of execs that have ended, one line each; [] when all is clean."""
        found = [f"cgroup {leaf}, processes {pids}" for leaf, pids in self.containers().items()]
        directories = [self.state_dir / "execs", self.run_dir / "scratch", self.run_dir / "staging"]
        if self.process and self.process.returncode == 0:  # it keeps them for the next exec
            directories.append(self.state_dir / "underlays")
        for directory in directories:
            if directory.is_dir():
                found += [f"{directory / name}" for name in os.listdir(directory)]
        found += [f"mount {m}" for m in set(host_mounts()) - set(self._mounts_before)]
        if self._fds_before is not None and self.process.poll() is None:
            if self.fds() > self._fds_before:
                found.append(f"{self.fds()} descriptors instead of {self._fds_before}")
        return found

    def sanitizer_reports(self) -> str:
        return "\n".join(p.read_text(errors="replace")
                         for p in sorted(self.workspace.glob("sanitizer.*")))

    def assert_clean(self):
        # Replies go out before the last descriptors are closed, so give it a moment.
        deadline = time.monotonic() + 5
        while (found := self.traces()) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not found, "left behind:\n" + "\n".join(found) + "\n" + self.log()[-4000:]
        assert not self.sanitizer_reports(), self.sanitizer_reports()

    def finish(self):
        """End it as an operator would and check that nothing is left of it."""
        if self.process and self.process.poll() is None:
            status = self.stop()
            assert status == 0, f"exit status {status}\n{self.log()[-4000:]}"
        self._fds_before = None
        self.assert_clean()
        assert not self.socket.exists(), "the socket is left"
        assert not self.cgroup.exists(), f"{self.cgroup} is left: {_pids_below(self.cgroup)}"

    def destroy(self):
        """Whatever happened: leave nothing on the machine."""
        if self.process and self.process.poll() is None:
            self.kill()
        if self.cgroup.is_dir():
            (self.cgroup / "cgroup.kill").write_text("1")
            wait_until(lambda: not _pids_below(self.cgroup), 10, "the cgroup empties")
            for directory in sorted(self.cgroup.glob("**/"), reverse=True):
                directory.rmdir()
        shutil.rmtree(self.volatile, ignore_errors=True)


def _pids_below(cgroup: Path) -> list:
    pids = []
    for procs in cgroup.glob("**/cgroup.procs"):
        try:
            pids += [int(pid) for pid in procs.read_text().split()]
        except OSError:
            pass
    return pids
