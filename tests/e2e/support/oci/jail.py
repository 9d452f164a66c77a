# SPDX-License-Identifier: Apache-2.0
"""A place where container runtimes can do no harm, and find a pure cgroup v2 system.

Private mount, pid, ipc, uts, net and cgroup namespaces with an empty /run. The cgroup namespace's
root is a directory of our own, mounted as /sys/fs/cgroup; who works in the jail sits in its leaf
"harness", as the root must have no processes when a runtime turns on controllers.
"""
import itertools
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

_counter = itertools.count(1)
PYTHON = "/usr/bin/python3"
SUPPORT = Path(__file__).parents[1]

LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket() as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
"""

INIT = LOOPBACK_UP + """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
print("ready", flush=True)
while True:
    try:
        os.wait()
    except ChildProcessError:
        signal.sigtimedwait([signal.SIGCHLD], 1)
"""

SET_UP = """
mount --make-rprivate / && mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/lock /run/user &&
mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"
"""


def cgroup2_mount() -> Path:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            return Path(before.split()[4])
    raise RuntimeError("no cgroup2 is mounted")


class Jail:
    """with Jail() as jail: jail.run(["crun", "list"])"""

    def __init__(self):
        self.cgroup = cgroup2_mount() / f"anchord-oci-{os.getpid()}-{next(_counter)}"
        self.init = None
        self.pid = 0   # of its init, as we see it

    def __enter__(self):
        (self.cgroup / "harness").mkdir(parents=True)
        procs = shlex.quote(str(self.cgroup / "cgroup.procs"))
        leaf = shlex.quote(str(self.cgroup / "harness/cgroup.procs"))
        # The namespace's root is where unshare finds itself, so first the root, then the leaf.
        script = f"""echo $$ > {procs} && exec unshare --cgroup -- sh -c '
            echo $$ > {leaf} && exec setpriv --pdeathsig KILL unshare --mount \
            --propagation private --pid --fork --kill-child --mount-proc --ipc --uts --net -- \
            sh -c "$@"' sh "$@" """
        self.init = subprocess.Popen(
            ["sh", "-c", script, "sh", SET_UP, "sh", PYTHON, "-c", INIT],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.init.stdout.readline() != "ready\n":
            self.__exit__()
            raise RuntimeError("the jail can't be set up")
        children = Path(f"/proc/{self.init.pid}/task/{self.init.pid}/children").read_text().split()
        self.pid = int(children[0])
        return self

    def __exit__(self, *_):
        self.init.kill()
        self.init.wait()
        self.init.stdout.close()
        for _ in range(100):
            for directory, _, _ in os.walk(self.cgroup, topdown=False):
                try:
                    os.rmdir(directory)
                except OSError:
                    pass
            if not self.cgroup.exists():
                return
            (self.cgroup / "cgroup.kill").write_text("1")
            time.sleep(0.02)
        raise RuntimeError(f"{self.cgroup} can't be removed")

    def command(self, argv) -> list:
        """What runs @argv in the jail."""
        leaf = shlex.quote(str(self.cgroup / "harness/cgroup.procs"))
        return ["sh", "-c", f"echo $$ > {leaf} && exec nsenter --target {self.pid} --mount --uts "
                '--ipc --net --pid --cgroup --wdns="$PWD" -- "$@"', "sh", *map(str, argv)]

    def run(self, argv, **kwargs) -> subprocess.CompletedProcess:
        options = {"capture_output": True, "text": True, "timeout": 60} | kwargs
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(self.command(argv), **options)

    def popen(self, argv, **kwargs) -> subprocess.Popen:
        return subprocess.Popen(self.command(argv), **kwargs)

    def module(self, name, *args, **kwargs) -> subprocess.CompletedProcess:
        """A module of ours, run in the jail."""
        return self.run([PYTHON, "-B", "-m", name, *args], cwd=SUPPORT.parent, **kwargs)

    def path(self, path) -> Path:
        """A path of the jail, as it is seen from outside."""
        return Path(f"/proc/{self.pid}/root") / str(path).lstrip("/")


if __name__ == "__main__":
    with Jail() as jail:
        sys.exit(subprocess.run(jail.command(sys.argv[1:])).returncode)
