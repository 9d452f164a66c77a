# SPDX-License-Identifier: Apache-2.0
"""The daemon's own life: reload, drain, leases, several side by side."""
import signal

import pytest

from support import rootfs
from support.daemon import BIN, PATIENCE, is_alive, wait_until


def running(daemon, *options, command=("sh", "-c", "echo up; exec sleep 1000")):
    """Start an exec and wait until its process runs: (client, pids in the container)"""
    client = daemon.spawn("run", *options, *command)
    assert client.stdout.readline() == "up\n", client.communicate(timeout=PATIENCE)
    return client, [pid for leaf in daemon.containers().values() for pid in leaf]


def names(daemon) -> int:
    return daemon.ctl("authorities", "--json").stdout.count("-----BEGIN") or \
        len(daemon.json("authorities")["authorities"])


@pytest.mark.parametrize("how", rootfs.HOW)
def test_sigterm_kills_and_undoes_what_runs(own_daemon, operator, make_rootfs, how):
    root = make_rootfs("bookworm-ca", how)
    own_daemon.start()
    client, pids = running(own_daemon, *root.options)
    assert own_daemon.stop() == 0
    client.communicate(timeout=PATIENCE)
    assert not any(map(is_alive, pids))
    root.assert_untouched()
    root.assert_nothing_of(operator)


def test_an_exec_ends_with_the_client_that_leased_it(daemon, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    client, pids = running(daemon, *root.options)
    client.kill()
    client.wait()
    wait_until(lambda: not any(map(is_alive, pids)), 20, "the container is dead")
    wait_until(lambda: not daemon.traces(), 20, "all is undone")
    root.assert_untouched()


def test_a_changed_authorities_directory_is_picked_up(own_daemon, operator, stranger):
    own_daemon.start()
    assert names(own_daemon) == 1
    own_daemon.add_authority(stranger)
    wait_until(lambda: names(own_daemon) == 2, 10, "the added authority is in force")
    (own_daemon.authorities / "stranger.pem").unlink()
    wait_until(lambda: names(own_daemon) == 1, 10, "the removed authority is not")


def test_sighup_and_the_reload_verb_read_the_directory_again(own_daemon, stranger):
    own_daemon.start()
    own_daemon.add_authority(stranger)
    own_daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: names(own_daemon) == 2, 10, "both are in force")
    (own_daemon.authorities / "stranger.pem").unlink()
    assert own_daemon.ctl("authorities", "--reload").returncode == 0
    assert names(own_daemon) == 1


def test_a_private_key_among_the_authorities_is_never_installed(own_daemon, operator, make_rootfs):
    (own_daemon.authorities / "key.pem").write_text(operator.key.read_text())
    root = make_rootfs("bookworm-minbase", "overlay")
    own_daemon.start()
    done = own_daemon.ctl("run", *root.options, "grep", "-r", "PRIVATE KEY",
                          "/etc/ssl", "/usr/local/share")
    assert done.returncode == 1, done.stdout + done.stderr


def test_a_daemon_without_authorities_runs_everything_untouched(make_daemon_dirs, make_rootfs):
    daemon = make_daemon_dirs([])
    root = make_rootfs("bookworm-minbase", "overlay")
    try:
        daemon.start()
        done = daemon.ctl("run", *root.options, "test", "-e",
                          "/etc/ssl/certs/ca-certificates.crt")
        assert done.returncode == 1, done.stderr
        root.assert_untouched()
        daemon.finish()
    finally:
        daemon.destroy()


def test_two_daemons_run_side_by_side(daemon, own_daemon, make_rootfs):
    own_daemon.start()
    for each in (daemon, own_daemon):
        root = make_rootfs("bookworm-minbase", "overlay")
        assert each.ctl("run", *root.options, "true").returncode == 0
        root.assert_untouched()


def test_a_second_daemon_on_the_same_directories_is_refused(own_daemon):
    import subprocess
    own_daemon.start()
    second = subprocess.run(own_daemon.command(), env=own_daemon.environment(),
                            capture_output=True, text=True, timeout=PATIENCE)
    assert second.returncode != 0
    assert second.stderr
    assert own_daemon.ctl("info").returncode == 0


def test_start_and_stop_leave_nothing(own_daemon):
    for _ in range(3):
        own_daemon.start()
        assert own_daemon.stop() == 0
        assert not own_daemon.cgroup.exists()


@pytest.mark.parametrize("program", ["anchord", "anchorctl"])
def test_help_and_version_need_no_daemon(program):
    import subprocess
    for option, needle in (("--help", "--socket"), ("--version", program)):
        done = subprocess.run([BIN / program, option], capture_output=True, text=True)
        assert done.returncode == 0
        assert needle in done.stdout
        assert done.stderr == ""
