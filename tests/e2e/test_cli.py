# SPDX-License-Identifier: Apache-2.0
"""anchorctl as a person and a script see it."""
import json
import os
import pty
import signal
import subprocess

import pytest

from support.daemon import PATIENCE, wait_until

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture
def root(make_rootfs):
    return make_rootfs("bookworm-minbase", "overlay")


def sh(daemon, root, script, *options, **kwargs):
    return daemon.ctl("run", "--ca", "off", *root.options, *options, "sh", "-c", script, **kwargs)


# The exit status and the three streams.

@pytest.mark.parametrize("script,status", [("exit 0", 0), ("exit 1", 1), ("exit 77", 77),
                                           ("exit 255", 255), ("kill -TERM $$", 143),
                                           ("kill -KILL $$", 137)])
def test_the_exit_status_is_handed_through(daemon, root, script, status):
    # Process 1 of a pid namespace ignores signals from inside: a child gets it.
    done = sh(daemon, root, f"sh -c '{script}'; exit $?")
    assert done.returncode == status, done.stderr


@pytest.mark.parametrize("command,status,needle", [
    ("no-such-command", 127, "no-such-command"),
    ("/no/such/command", 127, "/no/such/command"),
    ("/etc/passwd", 126, "/etc/passwd"),
    ("/etc", 126, "/etc"),
])
def test_a_command_that_cant_run_is_named(daemon, root, command, status, needle):
    done = daemon.ctl("run", *root.options, command)
    assert done.returncode == status
    assert done.stderr.startswith("anchorctl: ")
    assert needle in done.stderr
    root.assert_untouched()


def test_the_three_streams_go_straight_through(daemon, root):
    done = sh(daemon, root, "cat; echo complaint >&2", stdin="question\n")
    assert (done.stdout, done.stderr) == ("question\n", "complaint\n")


def test_output_may_go_to_a_file_of_the_caller(daemon, root, tmp_path):
    with open(tmp_path / "out", "w") as out:
        client = daemon.spawn("run", "--ca", "off", *root.options, "echo", "text", stdout=out)
        assert client.wait(PATIENCE) == 0
    assert (tmp_path / "out").read_text() == "text\n"


def test_closing_the_input_ends_a_reader(daemon, root):
    client = daemon.spawn("run", "--ca", "off", *root.options, "cat", stdin=subprocess.PIPE)
    out, _ = client.communicate("to the end", timeout=PATIENCE)
    assert (client.returncode, out) == (0, "to the end")


def test_a_megabyte_passes_through_unharmed(daemon, root):
    text = "0123456789abcdef" * (1 << 16)
    assert sh(daemon, root, "cat", stdin=text).stdout == text


# What the process sees.

def test_the_environment_is_a_path_and_what_was_asked_for(daemon, root):
    done = daemon.ctl("run", "--ca", "off", *root.options, "--env", "A=1", "--env", "COPIED",
                      "--env", "ABSENT", "env",
                      env={"COPIED": "from the caller", "SECRET": "never",
                           "SSL_CERT_FILE": "/host", "CURL_CA_BUNDLE": "/host"})
    lines = set(done.stdout.splitlines())
    assert {"A=1", "COPIED=from the caller", PATH} <= lines
    assert not [x for x in lines if x.startswith(("SECRET", "SSL_CERT_FILE", "CURL_CA", "ABSENT"))]


@pytest.mark.parametrize("user,seen", [("", "0:0"), ("nobody", "65534:65534"),
                                       ("nobody:root", "65534:0"), ("1234", "1234:0"),
                                       ("12:34", "12:34")])
def test_the_user_is_looked_up_in_the_rootfs(daemon, root, user, seen):
    options = ("--user", user) if user else ()
    assert sh(daemon, root, 'echo "$(id -u):$(id -g)"', *options).stdout.strip() == seen


def test_an_unknown_user_is_named(daemon, root):
    done = sh(daemon, root, "true", "--user", "nosuchuser")
    assert done.returncode == 125
    assert "nosuchuser" in done.stderr
    root.assert_untouched()


def test_cwd_hostname_and_read_only(daemon, root):
    done = sh(daemon, root, "pwd; hostname; touch /x 2>/dev/null || echo read-only", "--cwd",
              "/usr/share", "--hostname", "builder", "--read-only")
    assert done.stdout.split() == ["/usr/share", "builder", "read-only"], done.stderr
    root.assert_untouched()


def test_network_none_has_loopback_only(daemon, root):
    done = sh(daemon, root, "ls /sys/class/net; cat /proc/net/dev | wc -l", "--network", "none")
    assert done.stdout.split() == ["lo", "3"]


def test_network_of_a_path_is_that_namespace(daemon, root):
    done = sh(daemon, root, "readlink /proc/self/ns/net", "--network",
              f"/proc/{os.getpid()}/ns/net")
    assert done.stdout.strip() == os.readlink("/proc/self/ns/net"), done.stderr


def test_mounts_are_bound_and_relative_sources_are_the_callers(daemon, root, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/file").write_text("text\n")
    done = sh(daemon, root, "cat /mnt/file; echo more > /mnt/out; echo x > /srv/out || echo ro",
              "--mount", "type=bind,source=data,destination=/mnt",
              "--mount", "type=bind,src=./data,dst=/srv,readonly", cwd=tmp_path)
    assert done.stdout == "text\nro\n", done.stderr
    assert (tmp_path / "data/out").read_text() == "more\n"
    root.assert_untouched()


def test_a_mount_point_that_was_missing_is_gone_afterwards(daemon, root, tmp_path):
    done = sh(daemon, root, "ls -d /new/deep/place", "--mount",
              f"type=bind,source={tmp_path},destination=/new/deep/place")
    assert done.returncode == 0, done.stderr
    root.assert_untouched()


def test_a_tmpfs_can_be_mounted(daemon, root):
    done = sh(daemon, root, "echo x > /mnt/x && stat -f -c %T /mnt", "--mount",
              "type=tmpfs,destination=/mnt")
    assert done.stdout == "tmpfs\n", done.stderr
    root.assert_untouched()


def test_the_container_is_a_container(daemon, root):
    script = """
        echo $$; ls /proc | grep -c '^[0-9]'
        grep -c Seccomp:.2 /proc/self/status
        mount -t tmpfs none /mnt 2>/dev/null && echo mounted
        cat /proc/kcore 2>/dev/null | head -c 1 | wc -c
        echo x 2>/dev/null >/proc/sysrq-trigger && echo wrote
        ls /proc/self/fd | wc -l"""
    pid, n_processes, filtered, kcore, n_fds = sh(daemon, root, script).stdout.split()
    assert (pid, filtered, kcore) == ("1", "1", "0")
    assert int(n_processes) <= 6
    assert int(n_fds) == 4  # the three streams and the directory that ls reads


# Signals.

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_forwarded(daemon, root, number):
    script = f"trap 'echo got; exit 9' {number}; echo up; while :; do sleep 0.05; done"
    client = daemon.spawn("run", "--ca", "off", *root.options, "sh", "-c", script)
    assert client.stdout.readline() == "up\n"
    client.send_signal(number)
    out, _ = client.communicate(timeout=PATIENCE)
    assert (client.returncode, out) == (9, "got\n")


def test_the_third_interrupt_ends_anchorctl_and_the_exec(daemon, root):
    client = daemon.spawn("run", "--ca", "off", *root.options, "sh", "-c",
                          "trap 'echo no' INT; echo up; while :; do sleep 0.05; done")
    assert client.stdout.readline() == "up\n"
    for _ in range(2):
        client.send_signal(signal.SIGINT)
        assert client.stdout.readline() == "no\n"
    client.send_signal(signal.SIGINT)
    client.communicate(timeout=PATIENCE)
    assert client.returncode == 130
    wait_until(lambda: not daemon.traces(), 20, "the exec is gone")


# --init

@pytest.mark.parametrize("trust", ["off", "require"])  # with authorities it waits at a gate
@pytest.mark.parametrize("script,status", [("exit 7", 7), ("kill -TERM $$", 143)])
def test_an_init_ends_with_the_status_of_its_command(daemon, root, trust, script, status):
    done = daemon.ctl("run", "--init", "--ca", trust, *root.options, "sh", "-c",
                      f"echo $$ $PPID; cat /proc/1/cmdline | tr '\\0' ' '; {script}")
    assert done.returncode == status, done.stderr
    assert done.stdout == "2 1\nanchord-init 3 "
    root.assert_untouched()


def test_an_init_reaps_what_its_command_leaves_behind(daemon, root):
    done = sh(daemon, root, "(sleep 0.1 & echo $! > /dev/shm/orphan); sleep 1; "
              "test ! -e /proc/$(cat /dev/shm/orphan)", "--init")
    assert done.returncode == 0, done.stderr


def test_an_init_forwards_signals_to_what_would_not_ask_for_them(daemon, root):
    client = daemon.spawn("run", "--init", "--ca", "off", *root.options, "sh", "-c",
                          "echo ready; sleep 1000")
    assert client.stdout.readline() == "ready\n"
    client.send_signal(signal.SIGTERM)
    assert client.wait(PATIENCE) == 128 + signal.SIGTERM
    root.assert_untouched()


# ps, kill, explain, authorities, info.

def test_ps_and_kill(daemon, root):
    client = daemon.spawn("run", "--id", "ps-and-kill", *root.options, "sh", "-c",
                          "echo up; exec sleep 1000")
    assert client.stdout.readline() == "up\n"
    head, line = daemon.ctl("ps").stdout.splitlines()
    assert head.split() == ["ID", "STATUS", "PID", "AGE", "COMMAND"]
    assert line.split()[:2] == ["ps-and-kill", "running"]
    assert "sleep 1000" in line
    (state,) = daemon.json("ps")
    assert (state["id"], state["status"]) == ("ps-and-kill", "running")
    assert os.path.exists(f"/proc/{state['pid']}")

    assert daemon.ctl("kill", "--signal", "KILL", "ps-and-kill").returncode == 0
    client.communicate(timeout=PATIENCE)
    assert client.returncode == 137
    root.assert_untouched()


def test_kill_all_ends_what_ignores_signals(daemon, root):
    client = daemon.spawn("run", "--id", "stubborn", *root.options, "sh", "-c",
                          "trap '' TERM INT; echo up; while :; do sleep 1; done")
    assert client.stdout.readline() == "up\n"
    assert daemon.ctl("kill", "--all", "stubborn").returncode == 0
    client.communicate(timeout=PATIENCE)
    assert client.returncode == 137


def test_an_id_is_given_once(daemon, root, make_rootfs):
    client = daemon.spawn("run", "--id", "once", *root.options, "sh", "-c",
                          "echo up; exec sleep 1000")
    assert client.stdout.readline() == "up\n"
    other = make_rootfs("bookworm-minbase", "overlay")
    second = daemon.ctl("run", "--id", "once", *other.options, "true")
    assert second.returncode == 125
    assert "once" in second.stderr
    client.terminate()
    daemon.ctl("kill", "--all", "once")
    client.communicate(timeout=PATIENCE)


def test_killing_nobody_says_so(daemon):
    done = daemon.ctl("kill", "nobody-here")
    assert done.returncode == 125
    assert "nobody-here" in done.stderr


def test_explain_changes_nothing(daemon, make_rootfs):
    for name in ("bookworm-minbase", "bookworm-ca"):
        root = make_rootfs(name, "overlay")
        text = daemon.ctl("explain", *root.options)
        assert text.returncode == 0, text.stderr
        assert "debian" in text.stdout
        assert isinstance(daemon.json("explain", *root.options), dict)
        root.assert_untouched()


def test_authorities_lists_fingerprints(daemon, operator):
    fingerprint = subprocess.run(
        ["openssl", "x509", "-in", operator.certificate, "-noout", "-fingerprint", "-sha256"],
        capture_output=True, text=True).stdout.strip().partition("=")[2].replace(":", "").lower()
    assert fingerprint[:16] in daemon.ctl("authorities").stdout.replace(":", "").lower()
    document = json.dumps(daemon.json("authorities"))
    assert fingerprint in document.replace(":", "").lower()


def test_info_is_text_and_json(daemon):
    assert daemon.ctl("info").stdout
    assert isinstance(daemon.json("info"), dict)


# The receipt.

def test_the_receipt_names_the_authority_and_the_stores(daemon, operator, make_rootfs, tmp_path):
    root = make_rootfs("bookworm-ca", "overlay")
    done = daemon.ctl("run", *root.options, f"--receipt={tmp_path}/receipt", "--json", "echo", "x")
    assert (done.returncode, done.stdout) == (0, "x\n"), done.stderr
    text = (tmp_path / "receipt").read_text()
    receipt = json.loads(text)
    assert "debian" in text
    assert "/etc/ssl/certs/ca-certificates.crt" in text
    assert isinstance(receipt, dict)


def test_the_receipt_for_people_is_on_standard_error(daemon, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    done = daemon.ctl("run", *root.options, "--receipt", "echo", "x")
    assert done.stdout == "x\n"
    assert "debian" in done.stderr
    assert "operator" in done.stderr
    assert "\033" not in done.stderr


# Errors say what was wrong and what to do.

@pytest.mark.parametrize("args,needles", [
    ((), ["run"]),
    (("rnu", "true"), ["rnu", "did you mean", "run"]),
    (("frobnicate",), ["frobnicate"]),
    (("run",), ["COMMAND"]),
    (("run", "--rotfs", "/x", "true"), ["--rotfs", "did you mean", "--rootfs"]),
    (("run", "--rootfs"), ["--rootfs", "DIR"]),
    (("run", "--ca", "maybe", "true"), ["maybe", "on", "off", "require"]),
    (("run", "--network", "bridge", "true"), ["bridge", "host", "none"]),
    (("run", "--mount", "source=/x", "true"), ["destination"]),
    (("run", "--mount", "destination=/x,type=bind", "true"), ["source"]),
    (("run", "--overlay", "upper=/x", "true"), ["lower"]),
    (("run", "--overlay", "lower=/x,uper=/y", "true"), ["uper"]),
    (("run", "--rootfs", "/x", "--overlay", "lower=/a,upper=/b,work=/c", "true"), ["--overlay"]),
    (("run", "--env", "=x", "true"), ["env"]),
    (("kill",), ["ID"]),
    (("kill", "--signal", "NOSUCH", "x"), ["NOSUCH"]),
    (("ps", "surplus"), ["surplus"]),
    (("explain", "/a", "/b", "/surplus"), ["/surplus", "[PATH]"]),
])
def test_a_mistake_is_explained(daemon, args, needles):
    done = daemon.ctl(*args)
    assert done.returncode == 125
    assert done.stdout == ""
    for needle in needles:
        assert needle in done.stderr, done.stderr


def test_a_rootfs_that_is_missing_is_named(daemon):
    done = daemon.ctl("run", "--rootfs", "/no/such/root", "true")
    assert done.returncode == 125
    assert "/no/such/root" in done.stderr


def test_no_daemon_says_what_to_do(daemon, tmp_path):
    done = daemon.ctl("--socket", tmp_path / "none.sock", "info")
    assert done.returncode == 125
    assert "none.sock" in done.stderr
    assert "anchord" in done.stderr


def test_errors_are_json_too(daemon):
    done = daemon.ctl("kill", "--json", "nobody-here")
    assert json.loads(done.stderr)["error"]["reason"] == "NOT_FOUND"


def test_the_socket_can_come_from_the_environment(daemon):
    done = subprocess.run([daemon.argv()[0], "info"], capture_output=True, text=True,
                          env=daemon.client_environment() | {"ANCHORD_SOCKET": str(daemon.socket)})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("verb", ["run", "ps", "kill", "explain", "authorities", "info"])
def test_every_verb_has_help(daemon, verb):
    done = daemon.ctl(verb, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout
    assert verb in daemon.ctl("--help").stdout


def on_a_terminal(daemon, *args, env=None) -> str:
    primary, secondary = pty.openpty()
    try:
        client = subprocess.Popen(daemon.argv(*args), stdin=subprocess.DEVNULL, stdout=secondary,
                                  stderr=secondary,
                                  env=daemon.client_environment() | {"TERM": "xterm"} | (env or {}))
        client.wait(PATIENCE)
        return os.read(primary, 65536).decode()
    finally:
        os.close(primary)
        os.close(secondary)


def test_colour_is_for_terminals_that_want_it(daemon):
    assert "\033[" in on_a_terminal(daemon, "kill", "nobody-here")
    assert "\033[" not in on_a_terminal(daemon, "kill", "nobody-here", env={"NO_COLOR": "1"})
    assert "\033[" not in on_a_terminal(daemon, "kill", "nobody-here", env={"TERM": "dumb"})
    assert "\033" not in daemon.ctl("kill", "nobody-here").stderr
