# SPDX-License-Identifier: Apache-2.0
"""The command line of an OCI runtime beside a container's states: the model is runc 1.1.5."""
import json
import os
import re
import socket
import stat
import subprocess
import threading

import pytest

from support.oci.command import Receiver, read_all, wait_until
from support.oci.fixtures import better, jail, rt, runtimes  # noqa: F401

VERBS = ("create", "delete", "events", "exec", "features", "kill", "list", "pause", "ps", "resume",
         "run", "spec", "start", "state", "update")


def with_terminal(document):
    document["process"]["terminal"] = True


# Words.

def test_the_version_is_as_callers_parse_it(rt):
    for words in (["--version"], ["-v"]):
        lines = rt.ok(*words, root=False).splitlines()
        assert re.match(r"(runc|anchor-runc) version \d+\.\d+", lines[0])
        assert [line for line in lines if re.match(r"spec: 1\.\d+\.\d+", line)]


def test_help_names_every_verb(rt):
    text = rt.ok("--help", root=False)
    for verb in VERBS:
        assert re.search(rf"\b{verb}\b", text), verb


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help(rt, verb):
    assert verb in rt.ok(verb, "--help", root=False)


def test_an_unknown_verb_ends_with_3(rt):
    rt.fails("nonsense", code=3, says="nonsense")


def test_an_unknown_option_is_an_error(rt):
    for words in (["--nonsense", "list"], ["list", "--nonsense"]):
        done = rt(*words)
        assert done.returncode == 1
        assert "nonsense" in done.stdout + done.stderr


@pytest.mark.parametrize("verb", ["create", "run", "start", "state", "delete", "kill", "pause"])
def test_a_missing_id_is_an_error(rt, verb):
    assert rt(verb).returncode == 1


def test_features_are_a_document_of_the_specification(rt):
    features = json.loads(rt.ok("features"))
    assert features["ociVersionMin"].startswith("1.0")
    assert features["ociVersionMax"].startswith("1.")
    assert set(features["hooks"]) == {"prestart", "createRuntime", "createContainer",
                                      "startContainer", "poststart", "poststop"}
    assert {"ro", "rro", "rbind", "tmpcopyup", "nosuid"} <= set(features["mountOptions"])
    linux = features["linux"]
    assert {"cgroup", "ipc", "mount", "network", "pid", "user", "uts"} <= set(linux["namespaces"])
    assert "CAP_SYS_ADMIN" in linux["capabilities"]
    assert linux["cgroup"]["v2"] is True
    assert linux["seccomp"]["enabled"] is True
    assert "SCMP_ACT_ERRNO" in linux["seccomp"]["actions"]


def test_spec_writes_a_document_once(rt):
    bundle = rt.directory / "spec"
    bundle.mkdir()
    rt.ok("spec", "--bundle", bundle)
    document = json.loads((bundle / "config.json").read_text())
    assert document["process"]["args"] == ["sh"]
    assert document["root"]["path"] == "rootfs"
    assert {"pid", "mount"} <= {n["type"] for n in document["linux"]["namespaces"]}
    rt.fails("spec", "--bundle", bundle, says="exist")


def test_what_spec_writes_runs(rt):
    bundle = rt.bundle()
    (bundle / "config.json").unlink()
    rt.ok("spec", cwd=bundle)
    document = json.loads((bundle / "config.json").read_text())
    document["process"] |= {"args": ["/oci-probe", "quiet", "exit=8"], "terminal": False}
    del document["linux"]["resources"]   # a program for devices needs more than this root may
    (bundle / "config.json").write_text(json.dumps(document))
    rt.ids.append("a")
    assert rt("run", "a", cwd=bundle).returncode == 8


# Where errors go.

def test_an_error_is_a_line_of_text_on_stderr(rt):
    error = rt.fails("state", "none")
    assert re.fullmatch(r'time="[^"]+" level=error msg="container does not exist"\n', error)


def test_a_log_gets_lines_and_stderr_the_bare_message(rt):
    log = rt.directory / "log"
    error = rt.fails("--log", log, "state", "none")
    assert error == "container does not exist\n"
    assert re.fullmatch(r'time="[^"]+" level=error msg="container does not exist"\n',
                        log.read_text())
    assert stat.S_IMODE(log.stat().st_mode) == 0o644


def test_a_log_of_json_has_an_object_a_line_and_is_appended_to(rt):
    log = rt.directory / "log.json"
    log.write_text('{"level":"info","msg":"was here"}\n')
    for _ in range(2):
        rt.fails("--log", log, "--log-format", "json", "state", "none")
    first, *lines = map(json.loads, log.read_text().splitlines())
    assert first["msg"] == "was here"
    assert [(line["level"], line["msg"]) for line in lines] == \
        [("error", "container does not exist")] * 2
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
                        lines[0]["time"])


def test_a_message_with_quotes_and_newlines_stays_a_line_of_json(rt):
    log = rt.directory / "log.json"
    bundle = rt.bundle(change=lambda d: d["process"].update(args=['/no"\n\\such']))
    rt.fails("--log", log, "--log-format", "json", "run", "--bundle", bundle, "a")
    lines = list(map(json.loads, log.read_text().splitlines()))
    assert "no such file or directory" in lines[-1]["msg"]


def test_a_log_format_that_doesnt_exist_is_refused(rt):
    rt.fails("--log-format", "xml", "list")


def test_debug_says_more(rt):
    error = rt("--debug", "run", "--bundle", rt.bundle("quiet"), "a").stderr
    assert "level=debug" in error


def test_the_root_of_states_may_be_elsewhere(rt):
    rt.create("hold")
    assert json.loads(rt.ok("--root", rt.directory / "other", "list", "-f", "json",
                            root=False)) in (None, [])
    assert json.loads(rt.ok("list", "-f", "json"))[0]["id"] == "a"


# Files and sockets.

def test_the_pid_file_has_the_pid_and_nothing_is_beside_it(rt):
    pid_file = rt.directory / "pids" / "pid"
    pid_file.parent.mkdir()
    rt.create("hold", options=["--pid-file", pid_file])
    assert pid_file.read_text() == str(rt.pid())
    assert os.listdir(pid_file.parent) == ["pid"]


def test_a_pid_file_that_cant_be_written_fails_create_and_leaves_nothing(rt):
    bundle = rt.bundle("hold")
    done = rt.leaving("create", "--bundle", bundle, "--pid-file", "/none/pid", "a")
    assert done.returncode == 1
    assert "no such file or directory" in done.stderr.lower()
    rt.fails("state", "a", says="container does not exist")


def test_a_terminal_comes_by_the_console_socket(rt):
    console = Receiver(rt.directory / "console")
    rt.create(options=["--console-socket", console.path], change=with_terminal)
    message, (master,) = console.descriptors()
    console.close()
    assert 0 < len(message) < 4096
    rt.ok("start", "a")
    seen = json.loads(read_all(master))
    assert seen["tty"] == "/dev/pts/0"
    assert seen["dev"]["/dev/console"]["mode"].startswith("2")
    assert {fd["link"] for fd in seen["fds"].values()} == {"/dev/pts/0"}
    assert (seen["sid"], seen["pgrp"], seen["foreground"]) == (1, 1, 1)


def test_a_terminal_without_console_socket_is_refused(rt):
    bundle = rt.bundle(change=with_terminal)
    rt.fails("create", "--bundle", bundle, "a",
             says="cannot allocate tty if runc will detach without setting console socket")
    rt.fails("state", "a")


def test_a_console_socket_without_terminal_is_refused(rt):
    bundle = rt.bundle()
    rt.fails("create", "--bundle", bundle, "--console-socket", "/none", "a",
             says="cannot use console socket if runc will not detach or allocate tty")


def test_a_console_socket_that_isnt_there_fails_create_and_leaves_nothing(rt):
    bundle = rt.bundle(change=with_terminal)
    rt.fails("create", "--bundle", bundle, "--console-socket", "/none", "a")
    rt.fails("state", "a")


def test_run_with_a_terminal_copies_to_the_callers(rt):
    master, slave = os.openpty()
    bundle = rt.bundle("quiet", "text=hello", "exit=4", change=with_terminal)
    rt.ids.append("a")
    runc = rt.popen("run", "--bundle", bundle, "a", stdin=slave, stdout=slave, stderr=slave,
                    start_new_session=True)
    os.close(slave)
    text = []
    reader = threading.Thread(target=lambda: text.append(read_all(master)))
    reader.start()
    assert runc.wait(20) == 4
    reader.join(10)
    assert b"hello" in text[0]


@better("an option it doesn't know")
def test_a_pidfd_comes_by_the_pidfd_socket(rt):
    receiver = Receiver(rt.directory / "pidfd")
    rt.create("hold", options=["--pidfd-socket", receiver.path])
    _, (fd,) = receiver.descriptors()
    receiver.close()
    info = open(f"/proc/self/fdinfo/{fd}").read()
    os.close(fd)
    assert re.search(rf"NSpid:.*\t{rt.pid()}\t1$", info, re.M), info


# Descriptors.

def fds_of(text) -> list:
    return sorted(json.loads(text.splitlines()[0])["fds"], key=int)


def run_in_shell(rt, options, redirections, variables=""):
    bundle = rt.bundle()
    rt.ids.append("a")
    words = " ".join(rt.command("run", "--bundle", bundle, *options, "a"))
    return rt.jail.run(["sh", "-c", f"{variables} exec {words} {redirections}"])


def test_descriptors_that_leak_in_dont_reach_the_container(rt):
    done = run_in_shell(rt, [], "3</etc/passwd 9</etc/group")
    assert fds_of(done.stdout) == ["0", "1", "2"]


def test_descriptors_are_preserved_from_3_on(rt):
    done = run_in_shell(rt, ["--preserve-fds", "2"], "3</etc/passwd 4</etc/group 5</etc/hosts")
    assert fds_of(done.stdout) == ["0", "1", "2", "3", "4"]


@better("it hands over descriptors of its own")
def test_a_descriptor_that_should_be_preserved_and_isnt_there_is_an_error(rt):
    done = run_in_shell(rt, ["--preserve-fds", "3"], "3</etc/passwd 4<&- 5<&-")
    assert done.returncode == 1
    assert "preserved-fd" in done.stderr


def test_sockets_of_the_service_manager_are_handed_on(rt):
    done = run_in_shell(rt, [], "3</etc/passwd 4</etc/group 5</etc/hosts",
                        "LISTEN_FDS=2 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID;")
    seen = json.loads(done.stdout)
    assert fds_of(done.stdout) == ["0", "1", "2", "3", "4"]
    assert {"LISTEN_FDS=2", "LISTEN_PID=1"} <= set(seen["env"])


def test_sockets_of_another_process_are_not(rt):
    done = run_in_shell(rt, [], "3</etc/passwd", "export LISTEN_FDS=1 LISTEN_PID=99999;")
    assert fds_of(done.stdout) == ["0", "1", "2"]


def test_ready_is_passed_on_to_the_service_manager(rt):
    receiver = Receiver(rt.directory / "notify", socket.SOCK_DGRAM)
    bundle = rt.bundle("quiet", "notify", "hold")
    rt.ids.append("a")
    environment = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": str(receiver.path)}
    runc = rt.popen("run", "--bundle", bundle, "a", env=environment)
    assert b"READY=1" in receiver.datagram()
    rt.ok("kill", "a", "KILL")
    runc.wait(10)
    receiver.close()


# events, update, cgroups.

def test_statistics_are_one_document(rt):
    rt.start("hold")
    (line,) = rt.ok("events", "--stats", "a").splitlines()
    document = json.loads(line)
    assert (document["type"], document["id"]) == ("stats", "a")
    assert {"cpu", "memory", "pids"} <= set(document["data"])
    assert document["data"]["cpu"]["usage"]["total"] > 0


@better("it needs the memory controller")
def test_events_come_until_the_container_ends(rt):
    rt.start("hold")
    events = rt.popen("events", "--interval", "1s", "a", stdout=subprocess.PIPE, text=True)
    assert json.loads(events.stdout.readline())["type"] == "stats"
    rt.ok("kill", "a", "KILL")
    assert events.wait(20) == 0
    events.stdout.close()


def test_statistics_of_what_has_stopped_are_refused(rt):
    rt.start("quiet")
    rt.wait_for("stopped")
    rt.fails("events", "--stats", "a", says="container")


def test_update_takes_a_document_from_stdin_or_a_file(rt):
    rt.start("hold")
    empty = rt.directory / "resources.json"
    empty.write_text("{}")
    rt.ok("update", "--resources", "-", "a", input="{}")
    rt.ok("update", "-r", empty, "a")


def test_update_refuses_what_is_no_document(rt):
    rt.start("hold")
    rt.fails("update", "--resources", "-", "a", input="{")
    assert "no such file" in rt.fails("update", "--resources", "/none", "a").lower()


def test_the_cgroup_is_the_documents(rt):
    rt.start("hold")
    path = rt.jail.path(f"/sys/fs/cgroup/oci/{rt.directory.name}/cgroup.procs")
    # Read from outside the jail's pid namespace a number is ours, so only count.
    assert len(path.read_text().split()) == 1


def test_a_hook_gets_the_state(rt):
    def hooked(document):
        document["hooks"] = {kind: [{"path": "/bin/sh", "args":
                                     ["sh", "-c", f"cat >{rt.directory}/{kind}"]}]
                             for kind in ("prestart", "createRuntime", "poststart", "poststop")}
    rt.start("quiet", change=hooked)
    pid = json.loads((rt.directory / "prestart").read_text())["pid"]
    rt.wait_for("stopped")
    rt.ok("delete", "a")
    wait_until(lambda: (rt.directory / "poststop").exists(), "the last hook ran")
    for kind, status in (("createRuntime", "creat"), ("poststart", ""), ("poststop", "stopped")):
        state = json.loads((rt.directory / kind).read_text())
        assert (state["id"], state["bundle"]) == ("a", str(rt.directory / "bundle-a"))
        assert state["status"].startswith(status)
        assert kind == "poststop" or state["pid"] == pid


# What callers of crun say.

@better("crun's words")
def test_options_of_crun_are_taken(rt):
    bundle = rt.bundle("quiet", "exit=6")
    (bundle / "config.json").rename(bundle / "other.json")
    rt.ids.append("a")
    done = rt("--cgroup-manager", "cgroupfs", "run", "--bundle", bundle, "--config",
              bundle / "other.json", "a")
    assert done.returncode == 6, done.stderr
