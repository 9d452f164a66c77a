# SPDX-License-Identifier: Apache-2.0
"""Processes that join a container, and lists of them: the model is runc 1.1.5."""
import json
import os
import re

import pytest

from support.oci.command import Receiver, read_all, wait_until
from support.oci.fixtures import better, jail, rt, runtimes  # noqa: F401

PROBE = "/oci-probe"


def document(text: str) -> dict:
    """The first line of a probe."""
    return json.loads(text.splitlines()[0])


def process(*args, **more) -> dict:
    return {"user": {"uid": 0, "gid": 0}, "args": [PROBE, *args], "cwd": "/",
            "env": ["PATH=/"]} | more


def process_file(rt, *args, **more):
    path = rt.directory / "process.json"
    path.write_text(json.dumps(process(*args, **more)))
    return path


# How it ends.

@pytest.mark.parametrize("word,code", [("exit=0", 0), ("exit=9", 9), ("fault", 139)])
def test_exec_ends_as_its_process_does(rt, word, code):
    rt.start("hold")
    assert rt("exec", "a", PROBE, "quiet", word).returncode == code
    assert rt.status() == "running"


@pytest.mark.parametrize("args,says", [
    (["/none"], "no such file or directory"),
    (["none"], "executable file not found in $PATH"),
    (["/etc/passwd"], "permission denied"),
])
def test_exec_of_what_cant_run_ends_with_255(rt, args, says):
    rt.start("hold")
    rt.fails("exec", "a", *args, code=255, says=("exec failed", says))
    assert rt.status() == "running"


def test_exec_in_a_stopped_container_is_refused(rt):
    rt.start("quiet")
    rt.wait_for("stopped")
    rt.fails("exec", "a", PROBE, code=255, says="cannot exec in a stopped container")


def test_exec_in_a_paused_container_is_refused(rt):
    rt.start("hold")
    rt.ok("pause", "a")
    rt.fails("exec", "a", PROBE, code=255, says="cannot exec in a paused container")


def test_exec_in_a_created_container_works(rt):
    rt.create("hold")
    assert rt("exec", "a", PROBE, "quiet", "exit=5").returncode == 5


# What it sees.

def test_exec_is_in_the_namespaces_and_the_cgroup_of_the_container(rt):
    rt.start("hold")
    seen = document(rt.ok("exec", "a", PROBE))
    for kind, link in seen["namespaces"].items():
        assert link == os.readlink(rt.proc(rt.pid()) / "ns" / kind), kind
    assert seen["cgroup"].endswith("0::/\n")
    assert (seen["pid"], seen["ppid"]) != (1, 1)
    assert seen["hostname"] == "box"


def test_exec_inherits_what_the_container_was_given(rt):
    rt.start("hold")
    seen = document(rt.ok("exec", "a", PROBE))
    assert "A=1" in seen["env"]
    assert seen["cwd"] == "/"
    assert "CapEff:\t00000000a80425fb" in seen["status"]


def test_options_of_exec_change_the_process(rt):
    rt.start("hold")
    seen = document(rt.ok("exec", "--env", "X=1", "--env", "Y=2", "--cwd", "/etc", "--user", "7:8",
                          "--additional-gids", "9", "--no-new-privs", "a", PROBE))
    assert {"A=1", "X=1", "Y=2"} <= set(seen["env"])
    assert seen["cwd"] == "/etc"
    assert (seen["ids"], seen["groups"]) == ([7, 7, 7, 8, 8, 8], [9])
    assert seen["prctl"]["no_new_privs"] == 1


def test_exec_may_have_a_capability_more(rt):
    rt.start("hold")
    seen = document(rt.ok("exec", "--cap", "CAP_SYS_ADMIN", "a", PROBE))
    effective = int(re.search(r"CapEff:\t(\w+)", seen["status"])[1], 16)
    assert effective & 1 << 21


def test_a_process_file_says_all_of_the_process(rt):
    rt.start("hold")
    path = process_file(rt, "one", "two words", user={"uid": 5, "gid": 6, "additionalGids": [7]},
                        env=["PATH=/", "ONLY=1"], cwd="/etc", noNewPrivileges=True,
                        rlimits=[{"type": "RLIMIT_NOFILE", "soft": 300, "hard": 300}])
    seen = document(rt.ok("exec", "--process", path, "a"))
    assert seen["argv"][1:3] == ["one", "two words"]
    assert (seen["ids"], seen["groups"]) == ([5, 5, 5, 6, 6, 6], [7])
    assert "ONLY=1" in seen["env"] and "A=1" not in seen["env"]
    assert seen["cwd"] == "/etc"
    assert seen["limits"][7] == [300, 300]
    assert seen["prctl"]["no_new_privs"] == 1
    assert "CapEff:\t0000000000000000" in seen["status"]


@better("it takes the container's")
def test_a_process_file_says_the_umask_and_oom_score(rt):
    rt.start("hold")
    path = process_file(rt, user={"uid": 5, "gid": 6, "umask": 0o27}, oomScoreAdj=300)
    seen = document(rt.ok("exec", "--process", path, "a"))
    assert (seen["umask"], seen["oom_score_adj"]) == (0o27, "300\n")


def test_exec_has_the_containers_filter(rt):
    def filtered(config):
        config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5}]}
    rt.start("hold", change=filtered)
    assert document(rt.ok("exec", "a", PROBE, "calls"))["calls"]["mkdirat"] == "EIO"


def test_exec_has_the_callers_streams_and_no_other_descriptor(rt):
    rt.start("hold")
    with open("/etc/passwd") as leak:
        done = rt("exec", "a", PROBE, pass_fds=[leak.fileno()])
    assert sorted(document(done.stdout)["fds"]) == ["0", "1", "2"]


def test_exec_preserves_descriptors(rt):
    rt.start("hold")
    words = " ".join(rt.command("exec", "--preserve-fds", "2", "a", PROBE))
    done = rt.jail.run(["sh", "-c", f"exec {words} 3</etc/passwd 4</etc/group 5</etc/hosts"])
    assert sorted(document(done.stdout)["fds"]) == ["0", "1", "2", "3", "4"]


# Detached, with a terminal.

def test_exec_detached_writes_a_pid_file_and_goes_on(rt):
    rt.start("hold")
    pid_file = rt.directory / "exec.pid"
    path = process_file(rt, "hold")
    done = rt.leaving("exec", "--detach", "--pid-file", pid_file, "--process", path, "a")
    assert done.returncode == 0, done.stderr
    assert int(pid_file.read_text()) in json.loads(rt.ok("ps", "--format", "json", "a"))
    assert os.readlink(rt.proc(int(pid_file.read_text())) / "ns/pid") == \
        os.readlink(rt.proc(rt.pid()) / "ns/pid")


EXECUTOR = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)   # PR_SET_CHILD_SUBREAPER
pid_file, *command = sys.argv[1:]
code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
_, status = os.waitpid(int(open(pid_file).read()), 0)
print(code, os.waitstatus_to_exitcode(status))
"""


def test_exec_detached_becomes_a_child_of_the_callers_reaper(rt):
    rt.start("hold")
    pid_file = rt.directory / "exec.pid"
    command = rt.command("exec", "--detach", "--pid-file", pid_file, "a", PROBE, "quiet",
                         "exit=6")
    done = rt.jail.run(["/usr/bin/python3", "-c", EXECUTOR, pid_file, *command])
    assert done.stdout == "0 6\n", done.stderr


def test_exec_with_a_terminal_sends_it_to_the_console_socket(rt):
    rt.start("hold")
    console = Receiver(rt.directory / "console")
    done = rt.leaving("exec", "--detach", "--tty", "--console-socket", console.path, "a", PROBE)
    assert done.returncode == 0, done.stderr
    message, (master,) = console.descriptors()
    console.close()
    assert message
    seen = document(read_all(master).decode())
    assert seen["tty"].startswith("/dev/pts/")
    assert (seen["sid"], seen["pgrp"], seen["foreground"]) == (seen["pid"],) * 3


def test_a_terminal_without_a_console_socket_cant_be_detached(rt):
    rt.start("hold")
    rt.fails("exec", "--detach", "--tty", "a", PROBE, code=255,
             says="cannot allocate tty if runc will detach without setting console socket")


# ps and list.

def test_ps_names_the_processes_as_the_caller_numbers_them(rt):
    rt.start("children=2", "hold")
    wait_until(lambda: len(json.loads(rt.ok("ps", "--format", "json", "a"))) == 3, "it has two")
    pids = json.loads(rt.ok("ps", "-f", "json", "a"))
    assert rt.pid() in pids
    assert set(pids) <= rt.processes()


def test_ps_makes_a_table_with_options_of_ps(rt):
    rt.start("hold")
    lines = rt.ok("ps", "a").splitlines()
    assert lines[0].split()[:3] == ["UID", "PID", "PPID"]
    assert [line.split()[1] for line in lines[1:]] == [str(rt.pid())]
    head, line = rt.ok("ps", "a", "-o", "pid,comm").splitlines()
    assert (head.split(), line.split()) == (["PID", "COMMAND"], [str(rt.pid()), "oci-probe"])


def test_ps_of_what_has_stopped_is_empty(rt):
    rt.start("quiet")
    rt.wait_for("stopped")
    assert rt.ok("ps", "--format", "json", "a").strip() in ("null", "[]")


def test_list_says_what_there_is(rt):
    bundle = rt.start("hold")
    (one,) = json.loads(rt.ok("list", "--format", "json"))
    state = rt.state()
    for key in ("ociVersion", "id", "pid", "status", "bundle", "rootfs", "created"):
        assert one[key] == state[key], key
    assert one["owner"] == "root"
    head, line = rt.ok("list").splitlines()
    assert head.split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    assert line.split()[:4] == ["a", str(rt.pid()), "running", str(bundle)]
    assert rt.ok("list", "--quiet") == "a\n"


def test_list_of_nothing_is_empty(rt):
    assert json.loads(rt.ok("list", "--format", "json")) in (None, [])
    assert rt.ok("list", "-q") == ""


@better("an option it doesn't know")
def test_exec_sends_a_pidfd(rt):
    rt.start("hold")
    receiver = Receiver(rt.directory / "pidfd")
    done = rt.leaving("exec", "--detach", "--pidfd-socket", receiver.path, "a", PROBE, "hold")
    assert done.returncode == 0, done.stderr
    _, (fd,) = receiver.descriptors()
    receiver.close()
    assert os.readlink(f"/proc/self/fd/{fd}") in ("anon_inode:[pidfd]", "pidfd:[pidfd]") or \
        "Pid:" in open(f"/proc/self/fdinfo/{fd}").read()
    os.close(fd)


