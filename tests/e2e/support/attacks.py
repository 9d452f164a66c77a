# SPDX-License-Identifier: Apache-2.0
"""A stage for attacks on anchor-runc: bundles, containers, and a host that must stay as it is.

Containers see the machine's own /usr, read-only, so that what they do can be written as shell.
"""
import copy
import itertools
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from support import manifest
from support.daemon import BIN, wait_until
from support.engines.jail import Jail

SECRET = "the-runtime-keeps-this-to-itself"
CANARY = "only the host may see this\n"
SECONDS = 20  # after which a call hangs

_CAPABILITIES = ["CAP_" + name for name in (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP "
    "NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE").split()]


# Before a command, so that it has a terminal; what it says comes with "\r\n".
ON_TERMINAL = ["bash", "-c", 'exec script -qec "$(printf "%q " "$@")" /dev/null', "on-terminal"]


def _mount(destination, kind, source, *options) -> dict:
    return {"destination": destination, "type": kind, "source": source, "options": list(options)}


def bind(source, destination, *options) -> dict:
    return _mount(destination, "bind", str(source), "rbind", *options)


# What docker asks for.
DOCUMENT = {
    "ociVersion": "1.0.2",
    "process": {
        "user": {"uid": 0, "gid": 0}, "cwd": "/",
        "env": ["PATH=/usr/sbin:/usr/bin", "INSIDE=1"],
        "capabilities": {"bounding": _CAPABILITIES, "effective": _CAPABILITIES,
                         "permitted": _CAPABILITIES},
    },
    "root": {"path": "rootfs"},
    "mounts": [
        _mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        _mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        _mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance",
               "ptmxmode=0666", "mode=0620", "gid=5"),
        _mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "size=65536k"),
        _mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        _mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        _mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro", "nosuid", "noexec", "nodev"),
        bind("/usr", "/usr", "ro"),
    ],
    "linux": {
        "namespaces": [{"type": kind} for kind in
                       ("pid", "network", "ipc", "uts", "mount", "cgroup")],
        "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                        "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                          "/proc/sysrq-trigger"],
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
    },
}


def replace_mount(document: dict, destination: str, *mounts):
    """Other mounts in the place of one."""
    at = [m["destination"] for m in document["mounts"]].index(destination)
    document["mounts"][at:at + 1] = mounts


class Stage:
    """
    @directory is the test's own. Below it, host/ stands for all that is the host's. @programs is
    where anchor-runc comes from.
    """

    def __init__(self, jail: Jail, directory: Path, programs: Path):
        self.jail, self.directory = jail, directory
        self.binary = programs / "anchor-runc"
        self.attacker = BIN / "attacker"
        self.root = directory / "state"
        self.host = directory / "host"
        self.canary = self.host / "canary"
        self.authorities = directory / "authorities"
        for made in (self.host / "dir", self.authorities):
            made.mkdir(parents=True)
        self.canary.write_text(CANARY)
        (self.host / "dir/file").write_text(CANARY)
        self._names = itertools.count(1)
        self._ids = []
        self._spawned = []
        self.remember_host()

    # What is run.

    def command(self, *words) -> list:
        return [str(self.binary), "--root", str(self.root), "--trust-state",
                str(self.directory / "trust"), "--authorities", str(self.authorities),
                *map(str, words)]

    def __call__(self, *words, prefix=(), **kwargs) -> subprocess.CompletedProcess:
        options = {"timeout": SECONDS, "cwd": self.directory, "env": {"SECRET": SECRET}} | kwargs
        return self.jail.run([*prefix, *self.command(*words)], **options)

    def ok(self, *words, **kwargs) -> str:
        done = self(*words, **kwargs)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def bundle(self, *args, change=None) -> Path:
        """A bundle whose container runs @args, or a line of shell; change(document, rootfs)."""
        bundle = self.directory / f"bundle-{next(self._names)}"
        rootfs = bundle / "rootfs"
        for name in ("proc", "sys", "dev", "tmp", "usr", "etc"):
            (rootfs / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (rootfs / name).symlink_to(f"usr/{name}")
        shutil.copy(self.attacker, rootfs / "attacker")
        document = copy.deepcopy(DOCUMENT)
        document["process"]["args"] = (["/bin/sh", "-c", *args] if len(args) == 1
                                       else list(map(str, args)))
        document["linux"]["cgroupsPath"] = f"/{self.directory.name}-{bundle.name}"
        if change:
            change(document, rootfs)
        (bundle / "config.json").write_text(json.dumps(document))
        return bundle

    def new_id(self) -> str:
        self._ids.append(f"c{next(self._names)}")
        return self._ids[-1]

    def run(self, *args, change=None, options=(), **kwargs) -> subprocess.CompletedProcess:
        """A container in the foreground."""
        bundle = self.bundle(*args, change=change)
        return self("run", "--bundle", bundle, *options, self.new_id(), **kwargs)

    def create(self, *args, change=None, options=(), bundle=None, **kwargs) -> str:
        """The id of a container that waits for its start; what it says is in <id>.log."""
        bundle = bundle or self.bundle(*args, change=change)
        name = self.new_id()
        with open(self.directory / f"{name}.log", "w") as log:
            done = self("create", "--bundle", bundle, *options, name, capture_output=False,
                        stdout=log, stderr=log, **kwargs)
        assert done.returncode == 0, self.log(name)
        return name

    def start(self, *args, **kwargs) -> str:
        name = self.create(*args, **kwargs)
        self.ok("start", name)
        return name

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def wait_for(self, name: str, text: str) -> str:
        wait_until(lambda: text in self.log(name), SECONDS, f"{name} says {text!r}")
        return self.log(name)

    def pid(self, name: str) -> int:
        return json.loads(self.ok("state", name))["pid"]

    def spawn(self, argv, **kwargs) -> subprocess.Popen:
        """A process of the host, in the jail; it is killed at the end."""
        argv = ["setpriv", "--pdeathsig", "KILL", *argv]  # with nsenter, which we can kill
        self._spawned.append(self.jail.spawn(argv, **kwargs))
        return self._spawned[-1]

    # What must be as before.

    def _facts(self) -> dict:
        return {"host": manifest.read(self.host), "mounts": self.jail.mounts()}

    def remember_host(self):
        """A test has added something to it."""
        self._before = self._facts()

    def assert_host_is_untouched(self):
        now = self._facts()
        assert manifest.differences(self._before["host"], now["host"]) == []
        assert now["mounts"] == self._before["mounts"]
        assert self.canary.read_text() == CANARY

    def finish(self):
        for process in self._spawned:
            process.kill()
            process.wait(SECONDS)
        left = [self("delete", "--force", name) for name in self._ids]
        for done in left:
            assert done.returncode == 0, done.stderr
        deadline = time.monotonic() + SECONDS
        while (processes := self.jail.processes()) or self.jail.cgroups():
            assert time.monotonic() < deadline, f"left: {processes}, {self.jail.cgroups()}"
            time.sleep(0.02)
        assert not self.root.exists() or os.listdir(self.root) == []
        self.assert_host_is_untouched()


def words(text: str, first: str) -> list:
    """What the attacker says after this word."""
    return re.findall(rf"^{first} (.*)$", text, re.MULTILINE)
