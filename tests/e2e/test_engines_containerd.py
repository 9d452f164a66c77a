# SPDX-License-Identifier: Apache-2.0
"""containerd, by ctr, with the runtime under test: the same as with crun or runc."""
import re

import pytest

from support.daemon import PATIENCE, wait_until
from support.engines import cases, images, records
from support.engines.cases import Case, shell
from support.engines.play import same

pytestmark = pytest.mark.xdist_group("engines-others")

IMAGE = f"{images.NAME}:latest"

STARTS = [
    Case("an exit code", shell("exit 7"), code=7),
    # To the end of it would race: ctr may close it before the task is started.
    Case("input", ["head", "-n", "1"], stdin="words\n", stdout="words\n"),
    Case("two streams", shell("echo out; echo error >&2"), stdout="out\n", error="other"),
    Case("variables", shell("echo $A-$B"), ("--env", "A=b", "--env", "B=two words"),
         stdout="b-two words\n"),
    Case("a directory to start in", ["pwd"], ("--cwd", "/usr"), stdout="/usr\n"),
    Case("a root that is read-only", shell("touch /x 2>&1 | grep -o Read-only"), ("--read-only",),
         stdout="Read-only\n"),
    Case("a bind mount", shell("touch /m/x 2>&1 | grep -o Read-only"),
         ("--mount", "type=bind,src=/run,dst=/m,options=rbind:ro"), stdout="Read-only\n"),
    Case("the default capabilities", cases.CAPABILITIES),
    Case("a capability less", cases.CAPABILITIES, ("--cap-drop", "CAP_CHOWN")),
    Case("a filter of calls", ["grep", "Seccomp:", "/proc/self/status"], ("--seccomp",),
         stdout="Seccomp:\t2\n"),
    Case("a device", shell("stat -c '%a %t:%T' /dev/zero"), ("--device", "/dev/zero"),
         stdout="666 1:5\n"),
    Case("the host's network", shell("ls /sys/class/net"), ("--net-host",)),
    Case("the devices", shell("cd /dev; stat -c '%n %a %u:%g %t:%T %F' *")),
    Case("the mount points", shell(
        "cut -d' ' -f5,6 /proc/self/mountinfo | grep -v -e ^/proc/ -e ^/sys/firmware")),
    Case("a path that is not there", ["/bin/nope"], code=1, error="not found"),
    Case("a word that is not in PATH", ["nope"], code=1, error="not found"),
    Case("a file that is not executable", ["/usr/local/bin/not-executable"], code=1,
         error="permission denied"),
    Case("a directory to start in that is a file", ["true"], ("--cwd", "/etc/passwd"), code=1,
         error=None),
]


@pytest.fixture(scope="module")
def plays(containerd):
    return containerd.plays


def run(play, *command, options=(), **kwargs):
    return play.do("run", "--rm", *play.run_options, *options, IMAGE, play.new_name(), *command,
                   **kwargs)


def start(play, *command) -> str:
    name = play.new_name()
    play.check("run", "--detach", *play.run_options, IMAGE, name, *command)
    return name


def status(play, name: str) -> str:
    for line in play.check("task", "list").splitlines():
        if line.split()[0] == name:
            return line.split()[2]
    return ""


@cases.rows(STARTS)
def test_run_with(plays, case):
    cases.check(case, plays, lambda play: run(play, *case.command, options=case.options,
                                                  stdin=case.stdin))


@cases.rows([
    Case("an exit code", shell("echo out; exit 9"), code=9, stdout="out\n"),
    Case("input", ["head", "-n", "1"], stdin="words\n", stdout="words\n"),
    Case("a user", ["id", "-u"], ("--user", "5"), stdout="5\n"),
    Case("a directory to start in", ["pwd"], ("--cwd", "/usr"), stdout="/usr\n"),
    Case("a word that is not in PATH", ["nope"], code=1, error="not found"),
])
def test_exec_with(plays, case):
    def scenario(play):
        name = start(play, "sleep", "100")
        return play.do("task", "exec", "--exec-id", "e1", *case.options, name, *case.command,
                       stdin=case.stdin)
    cases.check(case, plays, scenario)


def test_a_terminal(plays):
    def scenario(play):
        name = play.new_name()
        return play.on_terminal("run", "--rm", "--tty", *play.run_options, IMAGE, name,
                                *shell("tty; echo ready; read x; echo got $x; exit 5"),
                                prompt="ready", typed="typed\n")
    seen = same(plays, scenario)
    assert seen.code == 5 and "got typed" in seen.stdout


def test_the_states_of_a_task(plays):
    def scenario(play):
        name = start(play, *shell("trap 'exit 3' TERM; while :; do sleep 0.1; done"))
        seen = [status(play, name)]
        for command in ("pause", "resume"):
            seen += [play.do("task", command, name).code, status(play, name)]
        n_pids = len(play.check("task", "ps", name).splitlines()) - 1
        assert n_pids in (1, 2)
        seen += [play.do("task", "kill", "--signal", "SIGTERM", name).code]
        wait_until(lambda: status(play, name) == "STOPPED", PATIENCE, "it stops")
        again = play.do("task", "kill", name)
        seen += [again.code, records.error_class(again.stderr)]
        seen += [play.do("task", "delete", name).code, status(play, name)]
        return seen
    assert same(plays, scenario)[:5] == ["RUNNING", 0, "PAUSED", 0, "RUNNING"]


def test_kill_all_ends_every_process(plays):
    def scenario(play):
        name = start(play, *shell("setsid sleep 1004 & sleep 1004"))
        wait_until(lambda: len(sleeping(play)) == 2, PATIENCE, "they run")
        code = play.do("task", "kill", "--all", "--signal", "SIGKILL", name).code
        wait_until(lambda: status(play, name) == "STOPPED", PATIENCE, "it stops")
        return code, sleeping(play)

    def sleeping(play):
        return [line for line in play.jail.processes().values() if line == "sleep 1004"]
    assert same(plays, scenario) == (0, [])


def test_a_task_has_figures(plays):
    def scenario(play):
        name = start(play, "sleep", "100")
        done = play.do("task", "metrics", name)
        return done.code, sorted(re.findall(r"^[a-z_]+\.[a-z_.]+", done.stdout, re.M))
    assert same(plays, scenario)[0] == 0
