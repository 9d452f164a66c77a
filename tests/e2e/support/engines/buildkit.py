# SPDX-License-Identifier: Apache-2.0
"""What buildkitd does to an OCI runtime, call by call: one foreground run of a bundle with
--keep, then state, exec, kill and delete. The bundle is one of BuildKit's kind.
"""
import itertools
import json
import subprocess
from pathlib import Path

from support.daemon import PATIENCE, wait_until
from support.engines.jail import Jail
from support.engines.play import Play
from support.engines.runtimes import Runtimes

_counter = itertools.count(1)

CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD",
                "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP",
                "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"]


def process(args: list, **more) -> dict:
    return {"args": args, "cwd": "/", "user": {"uid": 0, "gid": 0},
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "capabilities": {kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")},
            "noNewPrivileges": False} | more


def configuration(rootfs: str, args: list, cgroup: str, network: bool, **more) -> dict:
    """@network: of the jail, else one of its own"""
    namespaces = ["pid", "ipc", "uts", "mount", "cgroup"] + ([] if network else ["network"])
    plain = ["nosuid", "noexec", "nodev"]
    return {
        "ociVersion": "1.0.2-dev",
        "process": process(args, **more),
        "root": {"path": rootfs},
        "hostname": "buildkitsandbox",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": plain},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
             "options": [*plain, "mode=1777", "size=65536k"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": plain},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*plain, "ro"]},
            {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
             "options": ["ro", *plain]},
            {"destination": "/etc/hosts", "type": "bind", "source": "/etc/hosts",
             "options": ["ro", "rbind"]},
        ],
        "linux": {
            "cgroupsPath": cgroup,
            "namespaces": [{"type": kind} for kind in namespaces],
            "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list",
                            "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                              "/proc/sysrq-trigger"],
        },
    }


class Build:
    """One RUN step: an overlay over the image, a bundle, and what the runtime does with them."""

    def __init__(self, play, args: list, network=False, **more):
        self.play, self.jail = play, play.jail
        self.id = f"build{next(_counter)}"
        self.directory = play.jail.directory / self.id
        self.upper, work = self.directory / "upper", self.directory / "work"
        self.rootfs = self.directory / "rootfs"
        for directory in (self.upper, work, self.rootfs):
            directory.mkdir(parents=True)
        self.jail.check(["mount", "-t", "overlay", "overlay", "-o",
                         f"lowerdir={play.engine.root},upperdir={self.upper},workdir={work}",
                         self.rootfs])
        (self.directory / "config.json").write_text(json.dumps(configuration(
            str(self.rootfs), args, f"/buildkit/{self.id}", network, **more)))
        play.engine.builds.append(self)
        self.running = None

    def argv(self, *args) -> list:
        return [self.play.runtime, "--log", self.directory / "runc-log.json",
                "--log-format", "json", *args]

    def call(self, *args, **kwargs) -> subprocess.CompletedProcess:
        return self.jail.run(self.argv(*args), **kwargs)

    def run(self, **kwargs) -> subprocess.CompletedProcess:
        return self.call("run", "--bundle", self.directory, "--keep", self.id, **kwargs)

    def start(self):
        """The same in the background; wait until the process has been started."""
        self.running = self.jail.spawn(
            self.argv("run", "--bundle", self.directory, "--keep", self.id),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until(lambda: self.state().get("status") == "running", PATIENCE, "it runs")
        return self

    def end(self) -> tuple:
        out, err = self.running.communicate(timeout=PATIENCE)
        return self.running.returncode, out, err

    def state(self) -> dict:
        done = self.call("state", self.id)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def exec(self, args: list, stdin="", **more) -> subprocess.CompletedProcess:
        file = self.directory / f"process{next(_counter)}.json"
        file.write_text(json.dumps(process(args, **more)))
        return self.call("exec", "--process", file, self.id, stdin=stdin)

    def kill(self) -> subprocess.CompletedProcess:
        return self.call("kill", self.id, "9")

    def delete(self) -> subprocess.CompletedProcess:
        return self.call("delete", self.id)

    def error(self) -> str:
        """The last error in the log, which is what buildkitd shows."""
        log = self.directory / "runc-log.json"
        lines = log.read_text().splitlines() if log.exists() else []
        errors = [entry["msg"] for entry in map(json.loads, lines) if entry["level"] == "error"]
        return errors[-1] if errors else ""

    def remove(self):
        if self.running and self.running.poll() is None:
            self.running.kill()
        self.call("delete", "--force", self.id)
        self.jail.run(["umount", self.rootfs])


class Buildkit:
    kept_mounts = ()
    environment = {}

    def __init__(self, jail: Jail, runtimes: Runtimes):
        self.jail, self.builds = jail, []
        self.root = jail.directory / "image"
        self.plays = {name: Play(self, name, path) for name, path in runtimes.programs.items()}

    def load(self, layer: Path):
        self.root.mkdir()
        self.jail.check(["tar", "--extract", "--numeric-owner", "--xattrs", "--file", layer,
                         "--directory", self.root])

    def remove_all(self):
        for build in self.builds:
            build.remove()
        self.builds.clear()

    def stop(self):
        self.remove_all()
        self.jail.wait_until_empty()
