# SPDX-License-Identifier: Apache-2.0
"""anchor-runc, called as a container engine calls it.

Engine and runtime have a mount namespace of their own, in which the engine mounts overlays; a host
path is the same file in it, but below those.
"""
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from support import rootfs
from support.daemon import BIN, ENVIRONMENT, PATIENCE, wait_until

NAMESPACES = ("pid", "mount", "ipc", "uts")  # the network is the host's
SLEEP = ("sh", "-c", "echo up; exec sleep 1000")


def sleeps_after(script: str) -> tuple:
    return ("sh", "-c", f"{script}; echo up; exec sleep 1000")


def spec(root, args, variables=(), readonly=False, annotations=None, mounts=()) -> dict:
    return {
        "ociVersion": "1.0.2",
        "process": {"args": [str(a) for a in args], "cwd": "/", "user": {"uid": 0, "gid": 0},
                    "env": [f"PATH={ENVIRONMENT['PATH']}", *variables]},
        "root": {"path": str(root), "readonly": readonly},
        "annotations": annotations or {},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                   {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                    "options": ["nosuid", "mode=755"]}, *mounts],
        "linux": {"namespaces": [{"type": name} for name in NAMESPACES]},
    }


class Engine:
    """State of the runtime: --root on a tmpfs, the journals on the disk of the roots."""

    def __init__(self, workspace: Path, volatile: Path, authorities=(), state=None):
        self.workspace, self.root = workspace, volatile / "runc"
        self.state = state or workspace / "state/runc"
        self.authorities = workspace / "authorities"
        self.sanitizer_log = workspace / "sanitizer"
        self.authorities.mkdir(parents=True)
        volatile.mkdir(parents=True)
        self.volatile = volatile
        for authority in authorities:
            shutil.copy(authority.certificate, self.authorities / f"{authority.name}.pem")
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo; exec sleep inf"],
            stdout=subprocess.PIPE)
        self._holder.stdout.readline()
        self._names = itertools.count(1)
        self._said = {}

    def close(self):
        """Ends what still runs; its namespaces go with it."""
        for state in self.root.glob("*/state.json"):
            self("delete", "--force", state.parent.name)
        self._holder.kill()
        self._holder.wait()
        shutil.rmtree(self.volatile)

    # Calls.

    def argv(self, *args) -> list:
        return self.in_namespace(
            BIN / "anchor-runc", "--root", self.root, "--trust-state", self.state,
            "--authorities", self.authorities, "--cgroup-manager", "disabled", *args)

    def in_namespace(self, *args) -> list:
        return ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "--", *map(str, args)]

    def environment(self, fault=None, env=None) -> dict:
        log = f"log_path={self.sanitizer_log}"
        more = {"ANCHORD_FAULT": fault} if fault else {}
        return ENVIRONMENT | {"ASAN_OPTIONS": log, "UBSAN_OPTIONS": log, "LSAN_OPTIONS": log} \
            | more | (env or {})

    def __call__(self, *args, fault=None, env=None, timeout=PATIENCE):
        """Run it to its end, with files for streams: a container has them as long as it lives."""
        n = next(self._names)
        out, err = self.workspace / f"out-{n}", self.workspace / f"err-{n}"
        with open(out, "wb") as to, open(err, "wb") as to_err:
            status = subprocess.run(self.argv(*args), stdin=subprocess.DEVNULL, stdout=to,
                                    stderr=to_err, env=self.environment(fault, env),
                                    timeout=timeout).returncode
        done = subprocess.CompletedProcess(args, status, out.read_text(errors="replace"),
                                           err.read_text(errors="replace"))
        done.file = out
        return done

    def do(self, *args, **kwargs):
        """What must succeed; its output."""
        done = self(*args, **kwargs)
        assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
        return done.stdout

    def spawn(self, *args, env=None):
        return subprocess.Popen(self.argv(*args), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment(env=env))

    def host(self, *args, cwd=None):
        """A command of the engine itself, in its namespace."""
        done = subprocess.run(self.in_namespace("env", "-C", cwd or "/", *args),
                              capture_output=True, text=True)
        assert done.returncode == 0, f"{args}: {done.stderr}"
        return done.stdout

    # Bundles and what is mounted for them.

    def bundle(self, root, *args, **kwargs) -> Path:
        path = self.workspace / f"bundle-{next(self._names)}"
        path.mkdir()
        (path / "config.json").write_text(json.dumps(spec(root, args, **kwargs)))
        return path

    def mount(self, root: rootfs.Rootfs, options="") -> Path:
        """What an engine hands over: the directory itself, or the overlay, mounted."""
        if root.how == "bind":
            return root.tree
        lower, upper, work = re.match("lower=(.*),upper=(.*),work=(.*)", root.options[1]).groups()
        return self.mount_overlay(f"lowerdir={lower},upperdir={upper},workdir={work}{options}")

    def mount_overlay(self, options: str, cwd=None) -> Path:
        place = self.workspace / f"merged-{next(self._names)}"
        place.mkdir()
        self.host("mount", "-t", "overlay", "overlay", "-o", options, place, cwd=cwd)
        return place

    def run(self, root, *args, verb=("run",), id_=None, fault=None, env=None, **kwargs):
        """@root: path of a rootfs"""
        return self(*verb, "--bundle", self.bundle(root, *args, **kwargs), id_ or self.new_id(),
                    fault=fault, env=env)

    def create(self, root, *args, id_=None, **kwargs) -> str:
        """A container that waits for its start; it says "up" then."""
        id_ = id_ or self.new_id()
        done = self.run(root, *(args or SLEEP), verb=("create",), id_=id_, **kwargs)
        assert done.returncode == 0, done.stderr
        self._said[id_] = done.file
        return id_

    def start(self, id_: str) -> str:
        """It has come to its sleep; what it has said."""
        self.do("start", id_)
        said = self._said[id_]
        wait_until(lambda: said.read_text().endswith("up\n"), PATIENCE, "it is up")
        return said.read_text()

    def end(self, id_: str):
        """The process ends, and nobody has told the runtime to end it."""
        os.kill(self.pid(id_), signal.SIGKILL)
        wait_until(lambda: self.status(id_) == "stopped", 10, "it ended")

    def new_id(self) -> str:
        return f"c{next(self._names)}"

    def status(self, id_: str) -> str:
        return json.loads(self.do("state", id_))["status"]

    def pid(self, id_: str) -> int:
        return json.loads(self.do("state", id_))["pid"]

    # What is left.

    def traces(self) -> list:
        found = []
        names = "trees", "users", "scratch"
        for directory in (self.root, *(self.state / name for name in names)):
            if directory.is_dir():
                found += [str(directory / name) for name in os.listdir(directory)]
        return found

    def assert_clean(self):
        assert self.traces() == []
        reports = [p.read_text(errors="replace") for p in self.workspace.glob("sanitizer.*")]
        assert not reports, "\n".join(reports)
