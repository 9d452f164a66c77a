# SPDX-License-Identifier: Apache-2.0
"""docker and podman with the runtime under test: what is seen is the same as with crun or runc."""
import pytest

from support.daemon import PATIENCE, wait_until
from support.engines import cases, images
from support.engines.cases import shell
from support.engines.play import same
from support.engines.terminal import COLUMNS, ROWS

# Engines tell the size of a terminal when the process already runs.
AWAIT_SIZE = f'until [ "$(stty size)" = "{ROWS} {COLUMNS}" ]; do sleep 0.05; done;'


@pytest.fixture(scope="module", params=[
    pytest.param("podman", marks=pytest.mark.xdist_group("engines-podman")),
    pytest.param("docker", marks=pytest.mark.xdist_group("engines-docker"))])
def plays(request):
    return request.getfixturevalue(request.param).plays


@cases.rows(cases.STARTS)
def test_a_container_starts_with(plays, case):
    cases.check(case, plays, lambda play: play.run(*case.command, options=case.options,
                                                       stdin=case.stdin))


@cases.rows(cases.FAILING_STARTS)
def test_a_container_does_not_start_with(plays, case):
    cases.check(case, plays, lambda play: play.run(*case.command, options=case.options))


@cases.rows(cases.EXECS)
def test_exec_with(plays, case):
    def scenario(play):
        name = play.start("sleep", "100")
        return play.do("exec", *case.options, name, *case.command, stdin=case.stdin)
    cases.check(case, plays, scenario)


def test_a_container_has_a_terminal(plays):
    def scenario(play):
        return play.on_terminal(
            "run", "--rm", "--tty", "--interactive", *play.run_options, images.NAME,
            *shell(f"tty; stat -c %F /dev/console; echo ready; read x; echo got $x; {AWAIT_SIZE}"
                   " exit 5"), prompt="ready", typed="typed\n")
    seen = same(plays, scenario)
    assert seen.code == 5
    assert "got typed" in seen.stdout


def test_an_exec_has_a_terminal(plays):
    def scenario(play):
        name = play.start("sleep", "100")
        return play.on_terminal("exec", "--tty", "--interactive", name,
                                *shell(f"tty; echo ready; read x; {AWAIT_SIZE} exit 6"),
                                prompt="ready", typed="typed\n")
    seen = same(plays, scenario)
    assert seen.code == 6
    assert "/dev/pts/0" in seen.stdout


def test_control_c_interrupts_what_is_on_the_terminal(plays):
    def scenario(play):
        return play.on_terminal(
            "run", "--rm", "--tty", "--interactive", *play.run_options, images.NAME,
            *shell("trap 'exit 42' INT; echo ready; while :; do sleep 0.1; done"),
            prompt="ready", typed="\x03")
    assert same(plays, scenario).code == 42


def test_stop_asks_first_and_kills_who_does_not_listen(plays):
    def scenario(play):
        polite = play.start(*shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done"))
        deaf = play.start(*shell("trap '' TERM; echo ready; while :; do sleep 0.1; done"))
        seen = []
        for name, time in ((polite, 10), (deaf, 1)):
            play.wait_for_log(name, "ready")
            seen.append((play.do("stop", "--time", str(time), name).code, play.state(name)))
        return seen
    assert [state["ExitCode"] for _, state in same(plays, scenario)] == [3, 137]


@pytest.mark.parametrize("signal,code", [("KILL", 137), ("9", 137), ("TERM", 45), ("USR1", 44)])
def test_kill_sends_the_signal(plays, signal, code):
    def scenario(play):
        name = play.start(*shell("trap 'exit 44' USR1; trap 'exit 45' TERM; echo ready;"
                                 " while :; do sleep 0.1; done"))
        play.wait_for_log(name, "ready")
        return (play.do("kill", "--signal", signal, name).code, play.do("wait", name).stdout,
                play.state(name))
    assert same(plays, scenario)[1] == f"{code}\n"


def test_states_follow_the_container(plays):
    def scenario(play):
        name = play.new_name()
        seen = []

        def step(*args):
            seen.append((args[0], play.do(*args).code, play.state(name)))
        play.check("create", "--name", name, *play.run_options, images.NAME, "sleep", "100")
        step("start", name)
        step("pause", name)
        step("exec", name, "true")
        step("unpause", name)
        step("exec", name, "true")
        step("restart", "--time", "0", name)
        step("kill", name)
        step("wait", name)
        step("kill", name)
        step("exec", name, "true")
        step("start", name)
        seen.append(play.remove(name).code)
        return seen
    seen = same(plays, scenario)
    assert [(command, state["Status"]) for command, _, state in seen[:6]] == [
        ("start", "running"), ("pause", "paused"), ("exec", "paused"), ("unpause", "running"),
        ("exec", "running"), ("restart", "running")]
    assert seen[-2][2]["Status"] == "running"


def test_a_paused_container_does_not_run(plays):
    def scenario(play):
        name = play.start(*shell("while :; do echo x; sleep 0.05; done"))
        play.wait_for_log(name, "x")
        play.check("pause", name)
        before = play.check("logs", name)
        after = play.check("logs", name)
        play.check("unpause", name)
        wait_until(lambda: play.check("logs", name) != after, 10, "it goes on")
        return before == after
    assert same(plays, scenario)


def test_a_paused_container_can_be_removed(plays):
    def scenario(play):
        name = play.start("sleep", "100")
        play.check("pause", name)
        return play.remove(name).code, play.engine.containers()
    assert same(plays, scenario) == (0, [])


def test_logs_have_both_streams_of_a_container_that_has_ended(plays):
    def scenario(play):
        name = play.start(*shell("echo out; echo error >&2; exit 4"))
        waited = play.do("wait", name).stdout
        return waited, play.do("logs", name).stdout, play.state(name)
    seen = same(plays, scenario)
    assert seen[1] == "out\n" and seen[2]["ExitCode"] == 4


def test_a_container_is_attached_to_when_it_starts(plays):
    def scenario(play):
        name = play.new_name()
        play.check("create", "--interactive", "--name", name, *play.run_options, images.NAME,
                   *shell("cat; exit 3"))
        return play.do("start", "--attach", "--interactive", name, stdin="words\n")
    assert same(plays, scenario)[:2] == (3, "words\n")


def test_a_container_that_fails_is_started_again(plays):
    def scenario(play):
        name = play.start(*shell("echo started; exit 1"), options=("--restart", "on-failure:2"))
        wait_until(lambda: play.do("logs", name).stdout.count("started") == 3, PATIENCE,
                   "it has been started three times")
        wait_until(lambda: play.state(name)["Status"] == "exited", PATIENCE, "it has ended")
        return play.do("logs", name).stdout, play.state(name)
    assert same(plays, scenario)[1]["ExitCode"] == 1


def test_processes_of_a_container_end_with_it(plays):
    def scenario(play):
        name = play.start(*shell("setsid sleep 1000 & setsid sleep 1000 & sleep 1000"))
        wait_until(lambda: play.check("top", name).count("sleep 1000") >= 3, 10, "they run")
        play.check("kill", name)
        play.check("wait", name)
        play.check("rm", name)
        return [line for line in play.jail.processes().values() if "sleep" in line]
    assert same(plays, scenario) == []


def test_a_process_of_exec_ends_with_the_container(plays):
    def scenario(play):
        name = play.start("sleep", "100")
        play.check("exec", "--detach", name, "sleep", "1001")
        wait_until(lambda: "sleep 1001" in play.check("top", name), 10, "it runs")
        play.check("kill", name)
        play.check("wait", name)
        return [line for line in play.jail.processes().values() if "1001" in line]
    assert same(plays, scenario) == []


def test_a_container_joins_the_namespaces_of_another(plays):
    links = shell("readlink /proc/1/ns/net /proc/1/ns/ipc /proc/1/ns/pid")

    def scenario(play):
        name = play.start("sleep", "100", options=("--ipc", "shareable"))
        joined = [f"--{kind}=container:{name}" for kind in ("network", "ipc", "pid")]
        of_it = play.check("exec", name, *links)
        without_network = play.run_options[2:]
        seen = play.do("run", "--rm", *without_network, *joined, images.NAME, *links)
        return seen.code, seen.stdout.strip() == of_it, seen.error
    assert same(plays, scenario) == (0, True, "")


def test_a_container_has_the_hosts_namespaces(plays):
    kinds = ("network", "ipc", "pid", "uts")
    links = [f"/proc/self/ns/{kind}" for kind in ("net", "ipc", "pid", "uts", "mnt")]

    def scenario(play):
        of_host = play.jail.check(["readlink", *links]).split()
        options = [word for kind in kinds for word in (f"--{kind}", "host")]
        seen = play.do("run", "--rm", *play.run_options[2:], *options, images.NAME,
                       "readlink", *links)
        return seen.code, [a == b for a, b in zip(seen.stdout.split(), of_host)]
    assert same(plays, scenario) == (0, [True, True, True, True, False])


def test_a_container_has_all_privileges(plays):
    def scenario(play):
        return play.run(*shell("grep -E '^(Cap|Seccomp:|NoNew)' /proc/self/status;"
                               "touch /proc/sys/kernel/domainname; ls /dev | grep -c .;"
                               "mount -t tmpfs x /mnt && echo mounted"),
                        options=("--privileged",))
    assert "mounted" in same(plays, scenario).stdout


def test_mounts_are_as_the_configuration_says(plays):
    def scenario(play):
        play.jail.check(shell("mkdir -p /run/shared; mountpoint -q /run/shared ||"
                              " mount -t tmpfs --make-shared shared /run/shared"))
        mounts = []
        for line in play.run("cat", "/proc/self/mountinfo",
                             options=("--tmpfs", "/t:size=1m,noexec", "--volume", "/v",
                                      "--mount", "type=bind,source=/run,target=/r,readonly",
                                      "--volume", "/run/shared:/s:rshared")).stdout.splitlines():
            fields, _, rest = line.partition(" - ")
            place, options, shared = fields.split()[4:6] + [" ".join(fields.split()[6:])]
            if place.startswith(cases.MASKS):
                options, kind = "", ""
            else:
                kind = rest.split()[0]
            mounts.append((place, options, kind, bool(shared)))
        play.jail.check(["umount", "/run/shared"])
        return sorted(mounts)
    assert len(same(plays, scenario)) > 15


@pytest.mark.xdist_group("engines-podman")
def test_a_container_has_a_user_namespace(podman):
    def scenario(play):
        return play.run(*shell("id -u; cat /proc/self/uid_map; stat -c %u /etc/passwd; touch /x;"
                               "stat -c %u /x /proc/1; grep ^CapEff /proc/self/status"),
                        options=("--uidmap", "0:200000:65536", "--gidmap", "0:300000:65536"))
    seen = same(podman.plays, scenario)
    assert seen.stdout.split()[:4] == ["0", "0", "200000", "65536"]


@pytest.mark.xdist_group("engines-docker")
def test_a_container_has_an_init(docker):
    def scenario(play):
        name = play.start(*shell("cat /proc/1/comm; sleep 100"), options=("--init",))
        play.wait_for_log(name, "init")
        play.check("kill", "--signal", "TERM", name)
        play.check("wait", name)
        return play.do("logs", name).stdout, play.state(name)
    assert same(docker.plays, scenario)[1]["ExitCode"] == 143
