# SPDX-License-Identifier: Apache-2.0
"""A container's states, as callers of an OCI runtime walk through them: the model is runc 1.1.5.

ANCHOR_RUNC names another runtime; with runc itself the tests must pass, too.
"""
import json
import os
import re
import signal
import stat
import subprocess

import pytest

from support.oci.command import wait_until
from support.oci.fixtures import better, jail, rt, runtimes  # noqa: F401

NONE = "container does not exist"


# Created, running, stopped.

def test_a_created_container_has_not_run_its_command(rt):
    bundle = rt.create("text=ran", "hold")
    assert rt.status() == "created"
    assert b"oci-probe" not in (rt.proc(rt.pid()) / "cmdline").read_bytes()
    assert not (bundle / "rootfs/made").exists()


def test_start_runs_the_command_in_the_process_that_create_left(rt):
    rt.create("hold")
    pid = rt.pid()
    rt.ok("start", "a")
    assert (rt.status(), rt.pid()) == ("running", pid)
    wait_until(lambda: b"/oci-probe" in (rt.proc(pid) / "cmdline").read_bytes(), "it is executed")


def test_it_is_stopped_when_its_process_has_ended(rt):
    rt.start("quiet", "exit=3")
    rt.wait_for("stopped")
    assert rt.pid() == 0


def test_the_state_is_what_the_specification_says(rt):
    def annotated(document):
        document["annotations"] = {"org.example.key": "value"}
    bundle = rt.create("hold", change=annotated)
    state = rt.state()
    assert state["ociVersion"].startswith("1.")
    assert (state["id"], state["status"]) == ("a", "created")
    assert state["pid"] in rt.processes()
    assert state["bundle"] == str(bundle)
    assert state["rootfs"] == str(bundle / "rootfs")
    assert state["annotations"] == {"org.example.key": "value"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", state["created"])


def test_a_created_containers_directory_is_private_and_has_a_fifo_until_it_is_started(rt):
    rt.create("hold")
    directory = rt.root / "a"
    assert stat.S_IMODE(directory.stat().st_mode) & 0o066 == 0
    assert stat.S_ISFIFO((directory / "exec.fifo").stat().st_mode)
    rt.ok("start", "a")
    assert not (directory / "exec.fifo").exists()


def test_a_bundle_may_be_relative_or_the_working_directory(rt):
    bundle = rt.bundle("hold")
    rt.ids += ["a", "b"]
    for words, where in ((("-b", "bundle", "a"), rt.directory), (("b",), bundle)):
        assert rt.leaving("create", *words, cwd=where).returncode == 0
        assert rt.state(words[-1])["bundle"] == str(bundle)
        rt.ok("delete", "--force", words[-1])


def test_a_value_may_be_glued_to_its_option(rt):
    bundle = rt.bundle("quiet", "exit=4")
    rt.ids.append("a")
    done = rt.jail.run([rt.binary, f"--root={rt.root}", "run", f"--bundle={bundle}", "a"])
    assert done.returncode == 4


# What can't be done in a state.

def test_an_id_is_given_once(rt):
    bundle = rt.create("hold")
    rt.fails("create", "--bundle", bundle, "a", says="container with given ID already exists")
    rt.fails("run", "--bundle", bundle, "a", says="container with given ID already exists")
    assert rt.status() == "created"


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "a b", "a\n", "ä"])
def test_an_id_that_is_no_file_name_is_refused(rt, name):
    bundle = rt.bundle("hold")
    rt.fails("create", "--bundle", bundle, name, code=1)
    assert not rt.root.exists() or not os.listdir(rt.root)


def test_what_has_no_container_says_so(rt):
    for words in (["state", "none"], ["start", "none"], ["kill", "none", "9"], ["delete", "none"],
                  ["ps", "none"], ["pause", "none"], ["resume", "none"],
                  ["events", "--stats", "none"], ["update", "--pids-limit", "5", "none"]):
        rt.fails(*words, says=NONE)
    rt.fails("exec", "none", "/oci-probe", code=255, says=NONE)


def test_what_is_running_cant_be_started_again(rt):
    rt.start("hold")
    rt.fails("start", "a", says="cannot start an already running container")


def test_what_has_stopped_cant_be_started_again(rt):
    rt.start("quiet")
    rt.wait_for("stopped")
    rt.fails("start", "a", says="cannot start a container that has stopped")


def test_a_created_container_whose_process_was_killed_cant_be_started(rt):
    rt.create("hold")
    rt.ok("kill", "a", "KILL")
    rt.wait_for("stopped")
    rt.fails("start", "a", says="cannot start a container that has stopped")


# Delete.

def test_delete_removes_what_has_stopped(rt):
    rt.start("quiet")
    rt.wait_for("stopped")
    rt.ok("delete", "a")
    rt.fails("state", "a", says=NONE)


def test_delete_kills_and_removes_what_was_only_created(rt):
    rt.create("hold")
    pid = rt.pid()
    rt.ok("delete", "a")
    wait_until(lambda: pid not in rt.processes(), "it is killed")
    rt.fails("state", "a", says=NONE)


def test_delete_leaves_what_is_running(rt):
    rt.start("hold")
    rt.fails("delete", "a", says="cannot delete container a that is not stopped: running")
    assert rt.status() == "running"


def test_delete_by_force_kills_what_is_running(rt):
    rt.start("children=3", "hold")
    pid = rt.pid()
    rt.ok("delete", "--force", "a")
    wait_until(lambda: pid not in rt.processes(), "it is killed")
    rt.fails("state", "a", says=NONE)


def test_delete_by_force_kills_what_is_paused(rt):
    rt.start("hold")
    rt.ok("pause", "a")
    rt.ok("delete", "-f", "a")
    rt.fails("state", "a", says=NONE)


def test_delete_by_force_of_nothing_is_fine(rt):
    rt.ok("delete", "--force", "none")


def test_delete_removes_a_directory_without_a_state(rt):
    (rt.root / "a").mkdir(parents=True)
    rt.fails("delete", "a", says=NONE)
    assert not (rt.root / "a").exists()


def test_delete_removes_the_cgroup(rt):
    rt.start("hold")
    assert [c for c in rt.cgroups() if c.endswith(rt.directory.name)]
    rt.ok("delete", "--force", "a")
    assert not [c for c in rt.cgroups() if rt.directory.name in c]


def test_the_same_id_is_free_again_after_delete(rt):
    for _ in range(3):
        rt.start("quiet")
        rt.wait_for("stopped")
        rt.ok("delete", "a")


# Kill.

@pytest.mark.parametrize("words", [[], ["15"], ["TERM"], ["SIGTERM"], ["term"]])
def test_kill_sends_a_signal_by_number_or_name(rt, words):
    rt.start("on-term=0", "hold")
    pid = rt.pid()
    wait_until(lambda: "SigCgt:\t0000000000004000" in (rt.proc(pid) / "status").read_text(),
               "it listens")
    rt.ok("kill", "a", *words)
    rt.wait_for("stopped")


def test_kill_0_asks_whether_it_is_alive(rt):
    rt.create("hold")
    rt.ok("kill", "a", "0")
    rt.ok("kill", "a", "9")
    rt.wait_for("stopped")
    rt.fails("kill", "a", "0", says="container not running")


@pytest.mark.parametrize("word", ["NOPE", "-1", "SIGNOPE"])
def test_kill_refuses_what_is_no_signal(rt, word):
    rt.start("hold")
    rt.fails("kill", "a", word)
    assert rt.status() == "running"


def test_what_has_stopped_cant_be_killed_unless_all_are_meant(rt):
    rt.start("quiet")
    rt.wait_for("stopped")
    rt.fails("kill", "a", "9", says="container not running")
    rt.ok("kill", "--all", "a", "9")


def test_kill_all_reaches_each_process(rt):
    def without_pid_namespace(document):
        document["linux"]["namespaces"] = [n for n in document["linux"]["namespaces"]
                                           if n["type"] != "pid"]
    before = rt.processes()
    rt.start("children=3", "hold", change=without_pid_namespace)
    wait_until(lambda: len(rt.processes() - before) == 4, "it has its children")
    rt.ok("kill", "--all", "a", "KILL")
    wait_until(lambda: not rt.processes() - before, "all are dead")


# Pause and resume.

def test_pause_stops_all_until_resume(rt):
    rt.start("on-term=0", "hold")
    rt.ok("pause", "a")
    assert rt.status() == "paused"
    rt.ok("resume", "a")
    assert rt.status() == "running"


def test_pause_needs_a_running_container_and_resume_a_paused_one(rt):
    rt.start("hold")
    rt.fails("resume", "a", says="container not paused")
    rt.ok("kill", "a", "KILL")
    rt.wait_for("stopped")
    rt.fails("pause", "a", says="container not running")


def test_a_signal_reaches_what_was_paused_when_it_is_resumed(rt):
    rt.start("hold")
    rt.ok("pause", "a")
    rt.ok("kill", "a", "KILL")
    rt("resume", "a")
    rt.wait_for("stopped")


# Run.

@pytest.mark.parametrize("word,code", [("exit=0", 0), ("exit=7", 7), ("exit=255", 255),
                                       ("trap", 128 + signal.SIGILL),
                                       ("fault", 128 + signal.SIGSEGV)])
def test_run_ends_as_its_process_does(rt, word, code):
    assert rt.run("quiet", word).returncode == code
    rt.fails("state", "a", says=NONE)


def test_run_hands_the_three_streams_through(rt):
    done = rt.run("quiet", "text=out")
    assert (done.stdout, done.stderr) == ("out\n", "")


def test_run_keeps_what_it_is_told_to_keep(rt):
    assert rt.run("quiet", "exit=7", options=["--keep"]).returncode == 7
    assert (rt.status(), rt.pid()) == ("stopped", 0)
    rt.ok("delete", "a")


def test_run_forwards_signals(rt):
    bundle = rt.bundle("quiet", "on-term=5", "text=up", "hold")
    rt.ids.append("a")
    runc = rt.popen("run", "--bundle", bundle, "a", stdout=subprocess.PIPE, text=True)
    assert runc.stdout.readline() == "up\n"
    rt.jail.run(["kill", "-TERM", str(_pid_of(rt, runc))], check=True)
    assert runc.wait(10) == 5
    runc.stdout.close()


def _pid_of(rt, process) -> int:
    """In the jail: the pid of what nsenter runs."""
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    (child,) = wait_until(lambda: open(children).read().split(), "it runs")
    status = open(f"/proc/{child}/status").read()
    return int(re.search(r"NSpid:.*\t(\d+)\n", status)[1])


def test_run_detached_comes_back_at_once_and_the_container_lives(rt):
    bundle = rt.bundle("hold")
    rt.ids.append("a")
    pid_file = rt.directory / "pid"
    done = rt.leaving("run", "--detach", "--pid-file", pid_file, "--bundle", bundle, "a")
    assert done.returncode == 0
    assert (rt.status(), str(rt.pid())) == ("running", pid_file.read_text())


# Many at a time.

def test_of_many_creates_of_one_id_one_wins(rt):
    bundles = [rt.bundle("hold", name=f"b{i}", change=_own_cgroup(i)) for i in range(8)]
    rt.ids.append("a")
    all_of_them = [rt.popen("create", "--bundle", b, "a", stdout=subprocess.DEVNULL,
                            stderr=open(b / "errors", "w")) for b in bundles]
    codes = [p.wait(30) for p in all_of_them]
    errors = [(b / "errors").read_text() for b in bundles]
    assert sorted(codes) == [0] + [1] * 7, "".join(errors)
    assert rt.state()["bundle"] == str(bundles[codes.index(0)])
    assert sum("container with given ID already exists" in e for e in errors) == 7
    rt.ok("delete", "a")


def _own_cgroup(i):
    def change(document):
        document["linux"]["cgroupsPath"] += f"-{i}"
    return change


def test_many_containers_live_side_by_side(rt):
    names = [f"c{i}" for i in range(6)]
    creating = []
    for name in names:
        bundle = rt.bundle("hold", name=f"bundle-{name}", change=_own_cgroup(name))
        rt.ids.append(name)
        creating.append(rt.popen("create", "--bundle", bundle, name, stdout=subprocess.DEVNULL))
    assert [p.wait(30) for p in creating] == [0] * 6
    starting = [rt.popen("start", name) for name in names]
    assert [p.wait(30) for p in starting] == [0] * 6
    listed = json.loads(rt.ok("list", "--format", "json"))
    assert sorted((c["id"], c["status"]) for c in listed) == [(n, "running") for n in names]
    killing = [rt.popen("delete", "--force", name) for name in names]
    assert [p.wait(30) for p in killing] == [0] * 6
    assert json.loads(rt.ok("list", "--format", "json")) in (None, [])


# Who is whose child.

CALLER = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)   # PR_SET_CHILD_SUBREAPER
binary, root, bundle, pid_file = sys.argv[1:]
def runtime(*words):
    return subprocess.run([binary, "--root", root, *words], stdout=subprocess.DEVNULL).returncode
codes = [runtime("create", "--bundle", bundle, "--pid-file", pid_file, "a")]
pid = int(open(pid_file).read())
parent = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
codes.append(runtime("start", "a"))
_, status = os.waitpid(pid, 0)
print(codes, parent == os.getpid(), os.waitstatus_to_exitcode(status))
"""


def test_the_container_becomes_a_child_of_its_creators_reaper(rt):
    bundle = rt.bundle("quiet", "exit=42")
    rt.ids.append("a")
    done = rt.jail.run(["/usr/bin/python3", "-c", CALLER, rt.binary, rt.root, bundle,
                        rt.directory / "pid"])
    assert done.stdout == "[0, 0] True 42\n", done.stderr


def test_start_may_be_called_by_another_process_than_create(rt):
    rt.create("quiet", "exit=0")
    rt.ok("start", "a")
    rt.wait_for("stopped")


@better("it starts what has died, and waits for ever")
def test_start_notices_that_the_process_is_gone(rt):
    rt.create("hold")
    rt.jail.run(["kill", "-KILL", str(rt.pid())], check=True)
    rt.fails("start", "a", timeout=20)


# A create that fails.

@pytest.mark.parametrize("args,says", [
    (["/none"], "no such file or directory"),
    (["none"], "executable file not found in $PATH"),
    (["/etc/passwd"], "permission denied"),
    (["/etc"], ("permission denied", "is a directory")),
])
def test_a_command_that_cant_run_fails_create_and_leaves_nothing(rt, args, says):
    bundle = rt.bundle(change=lambda d: d["process"].update(args=args))
    for verb in ("create", "run"):
        error = rt.fails(verb, "--bundle", bundle, "a")
        assert [s for s in ([says] if isinstance(says, str) else says) if s in error], error
        rt.fails("state", "a", says=NONE)


def test_a_bundle_without_a_document_is_named(rt):
    error = rt.fails("run", "--bundle", rt.directory, "a")
    assert "config.json" in error or "no such file or directory" in error


def test_a_bundle_that_is_missing_is_named(rt):
    rt.fails("run", "--bundle", "nowhere", "a", says=("nowhere", "no such file or directory"))


def test_a_document_that_is_no_json_fails_create_and_leaves_nothing(rt):
    bundle = rt.bundle()
    (bundle / "config.json").write_text("{")
    rt.fails("create", "--bundle", bundle, "a")
    rt.fails("state", "a", says=NONE)


def test_a_hook_that_fails_fails_create_and_leaves_nothing(rt):
    def hooked(document):
        document["hooks"] = {"createRuntime": [{"path": "/bin/sh",
                                                "args": ["sh", "-c", "echo why >&2; exit 3"]}]}
    bundle = rt.bundle(change=hooked)
    error = rt.fails("create", "--bundle", bundle, "a")
    assert "hook" in error and "why" in error
    rt.fails("state", "a", says=NONE)
