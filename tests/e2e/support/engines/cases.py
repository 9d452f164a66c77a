# SPDX-License-Identifier: Apache-2.0
"""Single commands in a container, for engines that understand docker's options.

Each is: a name, options of run, the command, and what is expected: exit code, output, class of
error. None stands for whatever the reference shows.
"""
from typing import NamedTuple

import pytest

from support.engines.play import same
from support.engines.records import Record


class Case(NamedTuple):
    name: str
    command: list
    options: tuple = ()
    stdin: str = ""
    code: int = 0
    stdout: str = None
    error: str = ""
    also: tuple = ()  # (exit code, class of error) that is right though no reference has it


# Below these, paths are masked or read-only; runtimes do it in several ways.
MASKS = ("/proc/", "/sys/firmware", "/sys/dev/block")


def shell(script: str) -> list:
    return ["sh", "-c", script]


CAPABILITIES = ["grep", "^Cap", "/proc/self/status"]

STARTS = [
    Case("an exit code", shell("exit 7"), code=7),
    Case("death by a signal", shell("sh -c 'kill -9 $$'; echo $?"), stdout="137\n", error="other"),
    Case("two streams", shell("echo out; echo error >&2"), stdout="out\n", error="other"),
    Case("input", ["cat"], ("--interactive",), stdin="words\n", stdout="words\n"),
    Case("no input", ["wc", "-c"], stdout="0\n"),
    Case("much output", shell("head -c 300000 /dev/zero | tr '\\0' x"), stdout="x" * 300000),
    Case("variables", shell("echo $A-$B-$HOME-$HOSTNAME"),
         ("--env", "A=one", "--env", "B=two words", "--hostname", "h1"),
         stdout="one-two words-/root-h1\n"),
    Case("a user by number", ["id"], ("--user", "1000:1001"), stdout=None),
    Case("a user by name", shell("id -un; id -gn; echo $HOME"), ("--user", "nobody"),
         stdout="nobody\nnogroup\n/nonexistent\n"),
    Case("more groups", ["id", "-G"], ("--user", "5:6", "--group-add", "7", "--group-add", "8"),
         stdout="6 7 8\n"),
    Case("a directory to start in", ["pwd"], ("--workdir", "/usr/bin"), stdout="/usr/bin\n"),
    Case("a host name", ["cat", "/proc/sys/kernel/hostname"], ("--hostname", "h1"), stdout="h1\n"),
    Case("process 1", shell("echo $$; ls -d /proc/[0-9]*"), stdout=None),
    Case("its cgroup", ["cat", "/proc/self/cgroup"], stdout=None),
    Case("descriptors", shell("ls /proc/self/fd"), stdout="0\n1\n2\n3\n"),
    Case("a umask", shell("umask"), stdout="0022\n"),
    Case("a root that is read-only", shell("touch /x 2>&1 | grep -o 'Read-only'; touch /dev/shm/x"),
         ("--read-only",), stdout="Read-only\n"),
    Case("a tmpfs", shell("stat -f -c %T /t; stat -c %a /t"), ("--tmpfs", "/t:mode=1770"),
         stdout="tmpfs\n1770\n"),
    Case("a volume", shell("echo x >/v/x && cat /v/x"), ("--volume", "/v"), stdout="x\n"),
    Case("a bind mount that is read-only",
         shell("cat /m/self/comm >/dev/null; touch /m/x 2>&1 | grep -o 'Read-only'"),
         ("--volume", "/run:/m:ro"), stdout="Read-only\n", error="not found"),
    Case("shared memory of a size", shell("stat -f -c %b,%s /dev/shm"),
         ("--shm-size", "3m"), stdout="768,4096\n"),
    Case("the default capabilities", CAPABILITIES),
    Case("no capabilities", CAPABILITIES, ("--cap-drop", "all")),
    Case("one capability", CAPABILITIES, ("--cap-drop", "all", "--cap-add", "NET_ADMIN")),
    Case("capabilities of a user", CAPABILITIES, ("--user", "7")),
    Case("no new privileges", ["grep", "NoNewPrivs", "/proc/self/status"],
         ("--security-opt", "no-new-privileges"), stdout="NoNewPrivs:\t1\n"),
    Case("a filter of calls", shell("grep Seccomp: /proc/self/status; unshare -U true 2>&1"),
         ("--cap-drop", "all"), code=None),
    Case("no filter of calls", shell("grep Seccomp: /proc/self/status"),
         ("--security-opt", "seccomp=unconfined"), stdout="Seccomp:\t0\n"),
    Case("limits", shell("ulimit -Sn; ulimit -Hn; ulimit -c"),
         ("--ulimit", "nofile=100:200", "--ulimit", "core=0"), stdout="100\n200\n0\n"),
    Case("a sysctl", ["cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"],
         ("--sysctl", "net.ipv4.ip_unprivileged_port_start=99"), stdout="99\n"),
    Case("paths that are masked", shell("wc -c </proc/timer_list; ls /proc/acpi /sys/firmware"),
         stdout=None),
    Case("paths that are read-only", shell("echo x >/proc/sys/kernel/domainname"),
         code=2, error="other"),
    Case("devices", shell("cd /dev; stat -c '%n %a %u:%g %t:%T %F' *;"
                          " readlink fd stdin")),
    Case("a device more", shell("stat -c '%a %t:%T' /dev/more"),
         ("--device", "/dev/zero:/dev/more"), stdout="666 1:5\n"),
    Case("worth to the out-of-memory killer", ["cat", "/proc/self/oom_score_adj"],
         ("--oom-score-adj", "500"), stdout="500\n"),
    Case("the host's process ids", shell("test $$ != 1"), ("--pid", "host")),
]

EXECS = [
    Case("an exit code", shell("exit 9"), code=9),
    Case("death by a signal", shell("kill -9 $$"), code=137),
    Case("input", ["cat"], ("--interactive",), stdin="words\n", stdout="words\n"),
    Case("variables, a user and a directory", shell("echo $A; id -u; id -g; pwd"),
         ("--env", "A=b", "--user", "3:4", "--workdir", "/usr"), stdout="b\n3\n4\n/usr\n"),
    Case("all privileges", ["grep", "^Cap", "/proc/self/status"], ("--privileged",)),
    Case("what the container has", shell("grep -E '^(Cap|Seccomp:|NoNew)' /proc/self/status;"
                                         "cat /proc/self/cgroup /proc/self/oom_score_adj; umask;"
                                         "ls /proc/self/fd; env | sort | grep -v HOSTNAME")),
    Case("the limits of the container", shell("ulimit -Sn; ulimit -Hn")),
    Case("a path that is not there", ["/bin/nope"], code=None, error=None),
    Case("a word that is not in PATH", ["nope"], code=None, error=None),
    Case("a file that is not executable", ["/usr/local/bin/not-executable"], code=126, error=None),
    Case("a directory", ["/etc"], code=126, error=None),
    Case("a directory to start in that is not there", ["true"], ("--workdir", "/nope"),
         code=None, error=None),
    Case("a user that is not there", ["true"], ("--user", "nope"), code=None, error=None),
]

FAILING_STARTS = [
    Case("a path that is not there", ["/bin/nope"], code=127, error="not found"),
    Case("a word that is not in PATH", ["nope"], code=127, error="not found"),
    Case("a file that is not executable", ["/usr/local/bin/not-executable"], code=126,
         error="permission denied"),
    Case("a word that is not executable", ["not-executable"], code=None, error=None,
         also=((126, "permission denied"),)),
    Case("a directory", ["/etc"], code=126, error=None),
    Case("a file as a directory of the path", ["/etc/passwd/x"], code=None, error=None),
    Case("an interpreter that is not there", ["no-interpreter"], code=None, error=None),
    Case("a text that is no program", ["/usr/local/bin/garbage"], code=None, error=None),
    Case("a file mounted over a directory", ["true"], ("--volume", "/etc/passwd:/etc"),
         code=None, error=None),
    Case("a sysctl that is not there", ["true"], ("--sysctl", "net.nope=1"), code=None, error=None),
]


def rows(cases, *but):
    return pytest.mark.parametrize("case", [c for c in cases if c.name not in but],
                                   ids=lambda c: c.name.replace(" ", "-"))


def check(case: Case, plays, scenario):
    """What is seen is what the row says, and the same as with a reference."""
    seen = same(plays, scenario, also=[Record(code, "", error) for code, error in case.also])
    for wanted, found in ((case.code, seen.code), (case.stdout, seen.stdout),
                          (case.error, seen.error)):
        assert wanted is None or found == wanted, seen
