# SPDX-License-Identifier: Apache-2.0
"""SIGKILL to the daemon in every phase of an exec; the next start puts everything right.

The places are the fault points of base/fault.h, in the order in which an exec passes them.
"""
import signal

import pytest

from support import rootfs
from support.daemon import PATIENCE, is_alive, wait_until

BEFORE_THE_PROCESS = ["exec.prepare.begin", "journal.recorded", "install.applied",
                      "install.done", "exec.launch.before"]
# It touches what was installed, so that there is something to undo.
PROCESS = ["sh", "-c", "rm -f /usr/local/share/ca-certificates/anchord-*"]
AFTER_THE_PROCESS = ["exec.finish.begin", "undo.applied", "undo.done", "exec.finish.end"]


def assert_recovered(daemon, root, operator, pids):
    """Start twice: the first start undoes everything, the second finds nothing to do."""
    daemon.start()
    wait_until(lambda: not any(map(is_alive, pids)), 10, "the container is dead")
    daemon.assert_clean()
    root.assert_untouched()
    root.assert_nothing_of(operator)
    assert daemon.json("ps") == []

    daemon.stop()
    log = daemon.log_file.stat().st_size
    daemon.start()
    said = daemon.log(since=log)
    assert "recover" not in said, f"the second start found something to do:\n{said}"
    assert daemon.ctl("run", *root.options, "true").returncode == 0
    root.assert_untouched()


@pytest.mark.parametrize("how", rootfs.HOW)
@pytest.mark.parametrize("name", ["bookworm-minbase", "bookworm-ca"])
@pytest.mark.parametrize("place", BEFORE_THE_PROCESS + AFTER_THE_PROCESS)
def test_killed_at(own_daemon, operator, make_rootfs, place, name, how):
    root = make_rootfs(name, how)
    own_daemon.start(fault=place)
    client = own_daemon.spawn("run", *root.options, "--ca", "require", *PROCESS)
    own_daemon.wait_for_death()
    _, complaint = client.communicate(timeout=PATIENCE)
    assert client.returncode == 125, complaint
    assert "anchorctl: " in complaint

    pids = [pid for leaf in own_daemon.containers().values() for pid in leaf]
    assert_recovered(own_daemon, root, operator, pids)


@pytest.mark.parametrize("n", range(5, 96, 6))
def test_killed_at_the_nth_place(own_daemon, operator, make_rootfs, n):
    """A spread over the places of an exec; the unit tests of the journal take every one."""
    root = make_rootfs("bookworm-minbase", "overlay")
    own_daemon.start(fault=f"#{n}")
    client = own_daemon.spawn("run", *root.options, "--ca", "require", "true")
    own_daemon.wait_for_death()
    client.communicate(timeout=PATIENCE)
    assert client.returncode == 125
    pids = [pid for leaf in own_daemon.containers().values() for pid in leaf]
    assert_recovered(own_daemon, root, operator, pids)


@pytest.mark.parametrize("how", rootfs.HOW)
@pytest.mark.parametrize("name", ["bookworm-minbase", "bookworm-ca"])
def test_killed_while_the_process_runs(own_daemon, operator, make_rootfs, name, how):
    root = make_rootfs(name, how)
    own_daemon.start()
    client = own_daemon.spawn("run", *root.options, "sh", "-c", "echo up; sleep 1000 & wait")
    assert client.stdout.readline() == "up\n"
    pids = [pid for leaf in own_daemon.containers().values() for pid in leaf]
    assert pids
    own_daemon.kill()
    client.communicate(timeout=PATIENCE)
    assert client.returncode == 125

    assert_recovered(own_daemon, root, operator, pids)


@pytest.mark.parametrize("place", ["undo.applied", "undo.done", "exec.finish.end"])
def test_killed_again_while_recovering(own_daemon, operator, make_rootfs, place):
    root = make_rootfs("bookworm-ca", "overlay")
    own_daemon.start(fault="exec.finish.begin")
    client = own_daemon.spawn("run", *root.options, *PROCESS)
    own_daemon.wait_for_death()
    client.communicate(timeout=PATIENCE)

    try:
        own_daemon.start(fault=place)
    except AssertionError:
        pass  # it dies while it starts: that is the point
    own_daemon.process.wait(PATIENCE)
    assert own_daemon.process.returncode == -signal.SIGKILL, own_daemon.log()
    assert_recovered(own_daemon, root, operator, [])


def test_many_execs_killed_at_once_are_all_undone(own_daemon, operator, make_rootfs):
    own_daemon.start()
    some = [make_rootfs("bookworm-minbase", "overlay") for _ in range(8)]
    clients = [own_daemon.spawn("run", *root.options, "sh", "-c", "echo up; exec sleep 1000")
               for root in some]
    for client in clients:
        assert client.stdout.readline() == "up\n"
    pids = [pid for leaf in own_daemon.containers().values() for pid in leaf]
    assert len(pids) == len(some)
    own_daemon.kill()
    for client in clients:
        client.communicate(timeout=PATIENCE)

    assert_recovered(own_daemon, some[0], operator, pids)
    for root in some:
        root.assert_untouched()
