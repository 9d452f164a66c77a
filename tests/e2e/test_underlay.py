# SPDX-License-Identifier: Apache-2.0
"""
An install as a lower directory of its own: the upper isn't written to.

That the law holds, that a killed daemon leaves nothing and that the trees are those of the tool is
shown by the tests of these, which use underlays wherever there can be one.
"""
import json
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from support import roots
from support.daemon import wait_until

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def run(daemon, options, *command, trust="require", receipt=None, **kwargs):
    file = daemon.volatile / "receipt.json"
    done = daemon.ctl("run", *options, "--ca", trust, f"--receipt={file}", *command, **kwargs)
    return done, json.loads(file.read_text())["trust"]


def counts(operator) -> list:
    return ["grep", "-cF", operator.body[0], BUNDLE]


@contextmanager
def running(daemon, options, script=":"):
    """A process that has started, and ends with the block."""
    client = daemon.spawn("run", *options, "--ca", "require", "sh", "-c",
                          f"{script}; echo up; read x", stdin=subprocess.PIPE)
    try:
        assert client.stdout.readline() == "up\n", client.stderr.read()
        yield client
    finally:
        client.communicate("\n", timeout=60)
    assert client.returncode == 0


def test_the_upper_is_empty_while_the_process_runs(daemon, operator, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    done, trust = run(daemon, root.options, *counts(operator))
    assert (done.stdout, trust["result"]) == ("1\n", "installed"), done.stderr
    with running(daemon, root.options):
        root.assert_untouched()
    assert stat.S_IMODE(os.stat(os.path.dirname(trust["underlay"])).st_mode) == 0o700


def test_what_a_process_writes_to_the_store_is_in_its_upper(daemon, operator, make_rootfs):
    one, other = (make_rootfs("bookworm-ca", "overlay") for _ in range(2))
    done, _ = run(daemon, one.options, "sh", "-c", f"echo mine >> {BUNDLE}; rm -rf /etc/ssl/certs")
    assert done.returncode == 0, done.stderr
    done, _ = run(daemon, other.options, *counts(operator))
    assert done.stdout == "1\n"
    other.assert_untouched()


def test_the_steps_of_a_build_have_one(daemon, operator, make_rootfs):
    steps = [make_rootfs("bookworm-ca", "overlay") for _ in range(3)]
    lower, underlays = str(roots.make("bookworm-ca")), set()
    for i, step in enumerate(steps):
        options = ["--overlay", f"lower={lower},upper={step.tree},work={step.directory / 'work'}"]
        done, trust = run(daemon, options, "sh", "-c",
                          f"echo {i} > /etc/step{i}; grep -cF '{operator.body[0]}' {BUNDLE}; "
                          "ls /etc/step*")
        assert done.stdout.split() == ["1", *(f"/etc/step{k}" for k in range(i + 1))], done.stderr
        underlays.add(trust["underlay"])
        assert sorted(p.name for p in step.tree.rglob("*")) == ["etc", f"step{i}"]
        step.assert_nothing_of(operator)
        lower = f"{step.tree}:{lower}"
    assert len(underlays) == 1


def test_a_directory_of_a_layer_on_top_keeps_its_owner_and_time(daemon, make_rootfs):
    top, root = (make_rootfs("bookworm-ca", "overlay") for _ in range(2))
    run(daemon, root.options, "true")
    (top.tree / "etc").mkdir()
    os.utime(top.tree / "etc", (5, 5))
    lower = f"{top.tree}:{roots.make('bookworm-ca')}"
    options = ["--overlay", f"lower={lower},upper={root.tree},work={root.directory / 'work'}"]
    done, trust = run(daemon, options, "stat", "-c", "%Y", "/etc")
    assert done.stdout == "5\n" and "underlay" in trust
    root.assert_untouched()


@pytest.mark.parametrize("script", [
    "rm -f /usr/local/share/ca-certificates/*",
    "chmod -f a+r /usr/local/share/ca-certificates/*.crt; chmod a+r /etc/ssl/certs/*.crt",
])
def test_a_directory_of_a_layer_on_top_leaves_the_upper(daemon, make_rootfs, script):
    left = []
    for trust in ("off", "require"):
        top, root = (make_rootfs("bookworm-ca", "overlay") for _ in range(2))
        run(daemon, root.options, "true")
        (top.tree / "usr").mkdir()
        lower = f"{top.tree}:{roots.make('bookworm-ca')}"
        options = ["--overlay", f"lower={lower},upper={root.tree},work={root.directory / 'work'}"]
        run(daemon, options, "sh", "-c", script, trust=trust)
        left.append(sorted(map(str, (p.relative_to(root.tree) for p in root.tree.rglob("*")))))
    assert left[0] == left[1]


def test_a_moved_store_is_not_marked_as_a_copy_of_ours(daemon, operator, make_rootfs):
    marks = []
    for trust in ("off", "require"):
        root = make_rootfs("bookworm-ca", "overlay")
        run(daemon, root.options, "sh", "-c", f"mv {BUNDLE} /root/x; echo hello > /root/x",
            trust=trust)
        marks.append(os.getxattr(root.path("/root/x"), "trusted.overlay.origin"))
    assert marks[0] == marks[1]


def test_one_that_somebody_has_removed_costs_no_exec_its_authorities(own_daemon, operator,
                                                                     make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    own_daemon.start()
    _, trust = run(own_daemon, root.options, "true")
    subprocess.run(["rm", "-r", os.path.dirname(trust["underlay"])], check=True)
    done, trust = run(own_daemon, root.options, *counts(operator))
    assert (done.stdout, trust["result"]) == ("1\n", "installed") and "underlay" not in trust
    root.assert_untouched()


def test_execs_that_come_at_once_make_one(own_daemon, operator, make_rootfs):
    own_daemon.start()
    some = [make_rootfs("bookworm-ca", "overlay") for _ in range(6)]
    with ThreadPoolExecutor(len(some)) as pool:
        results = list(pool.map(
            lambda root: own_daemon.ctl("run", *root.options, *counts(operator)), some))
    assert [done.stdout for done in results] == ["1\n"] * len(some)
    assert len(os.listdir(own_daemon.state_dir / "underlays")) == 1
    for root in some:
        root.assert_untouched()


def test_a_state_directory_in_a_layer_is_no_place_for_one(own_daemon, operator, tmp_path):
    lower = tmp_path / "lower"
    subprocess.run(["cp", "-a", roots.make("bookworm-minbase"), lower], check=True)
    (lower / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
    for name in ("upper", "work"):
        (tmp_path / name).mkdir()
    own_daemon.state_dir = lower / "srv" / "state"
    own_daemon.start()
    options = ["--overlay", f"lower={lower},upper={tmp_path}/upper,work={tmp_path}/work"]
    for _ in range(3):
        done, trust = run(own_daemon, options, *counts(operator))
        assert done.stdout == "1\n" and "underlay" not in trust, done.stderr


def test_a_directory_that_the_upper_has_is_not_marked_as_a_copy_of_ours(daemon, make_rootfs):
    """The kernel marks what it merges; what it would mark without us it marks so."""
    uppers = []
    for trust in ("off", "require"):
        root = make_rootfs("bookworm-ca", "overlay")
        run(daemon, root.options, "true")  # it is known now
        (root.tree / "etc" / "ssl").mkdir(parents=True)
        done, _ = run(daemon, root.options, "ls", "/etc/ssl/certs", trust=trust)
        assert done.returncode == 0
        uppers.append({p.relative_to(root.tree): os.getxattr(p, "trusted.overlay.origin")
                       for p in root.tree.rglob("*")})
    assert uppers[0] == uppers[1] and len(uppers[0]) == 2


def test_two_over_the_same_upper_see_the_same(daemon, operator, make_rootfs):
    """The kernel lets them, if it has no index of the upper."""
    root = make_rootfs("bookworm-ca", "overlay")
    with running(daemon, root.options):
        done, trust = run(daemon, root.options, *counts(operator))
        assert (done.stdout, trust["result"]) == ("1\n", "shared"), done.stderr
        assert "underlay" in trust
    root.assert_untouched()


def test_two_over_the_same_upper_see_the_same_whatever_the_first_has_done(daemon, operator,
                                                                          make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    with running(daemon, root.options, script="touch /etc/ssl/certs/x; echo y >> /etc/os-release"):
        for word in ("--ca=require", "--read-only"):
            done, trust = run(daemon, [*root.options, word], *counts(operator))
            assert (done.stdout, trust["result"]) == ("1\n", "shared"), done.stderr
    root.assert_nothing_of(operator)


def test_other_layers_over_the_same_upper_go_without(daemon, operator, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    options = ["--overlay", f"lower={roots.make('trixie-ca')},upper={root.tree},"
                            f"work={root.directory / 'work'}"]
    with running(daemon, root.options):
        done, trust = run(daemon, options, "grep", "-cF", operator.body[0], BUNDLE, trust="on")
        assert (done.stdout, trust["result"]) == ("0\n", "skipped"), done.stderr
        done = daemon.ctl("run", *options, "--ca", "require", "true")
        assert done.returncode == 125 and "other lower directories" in done.stderr
    root.assert_untouched()


def test_another_request_has_another(daemon, operator, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    seen = set()
    for words in ([], ["--env=SSL_CERT_FILE=/x"], ["--env=A=1"]):
        done, trust = run(daemon, [*root.options, *words], *counts(operator))
        assert done.stdout == "1\n", done.stderr
        seen.add(trust["underlay"])
    assert len(seen) == 3
    root.assert_untouched()


def test_a_daemon_leaves_none_and_removes_those_of_one_that_was_killed(own_daemon, operator,
                                                                       make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    underlays = own_daemon.state_dir / "underlays"
    own_daemon.start()
    _, trust = run(own_daemon, root.options, "true")
    assert os.listdir(underlays)
    own_daemon.kill()
    assert os.path.isdir(trust["underlay"])
    own_daemon.start()
    assert os.listdir(underlays) == []
    done, _ = run(own_daemon, root.options, *counts(operator))
    assert done.stdout == "1\n"
    root.assert_untouched()


def test_an_undo_that_failed_keeps_its_underlay_when_the_daemon_stops(own_daemon, operator,
                                                                      make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    away = root.directory / "away"
    own_daemon.start()
    with pytest.raises(AssertionError):
        with running(own_daemon, root.options, script=f"echo mine >> {BUNDLE}"):
            root.tree.rename(away)
    away.rename(root.tree)
    own_daemon.restart()
    root.assert_nothing_of(operator)
    assert root.path(BUNDLE).read_text().endswith("mine\n")
    assert os.listdir(own_daemon.state_dir / "underlays") == []


def test_what_could_not_be_undone_keeps_its_underlay(own_daemon, operator, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    away = root.directory / "away"
    own_daemon.start(fault="exec.finish.begin")
    client = own_daemon.spawn("run", *root.options, "--ca", "require", "sh", "-c",
                              f"echo mine >> {BUNDLE}")
    own_daemon.wait_for_death()
    client.communicate(timeout=60)
    root.tree.rename(away)
    own_daemon.start()
    assert os.listdir(own_daemon.state_dir / "underlays")
    away.rename(root.tree)
    done = own_daemon.ctl("repair")
    assert done.returncode == 0, done.stdout + done.stderr
    root.assert_nothing_of(operator)
    assert root.path(BUNDLE).read_text().endswith("mine\n")
    own_daemon.restart()
    assert os.listdir(own_daemon.state_dir / "underlays") == []


@pytest.fixture
def small_disk(own_daemon, tmp_path):
    """A file system for all of it, of which a test may fill the rest."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", disk], check=True)
    lower = disk / "lower"
    subprocess.run(["cp", "-a", roots.make("bookworm-ca"), lower], check=True)
    own_daemon.state_dir = disk / "state"
    for name in ("upper", "work"):
        (disk / name).mkdir()
    try:
        own_daemon.remember_mounts()
        yield disk
    finally:
        if own_daemon.process.poll() is None:
            own_daemon.stop()
        subprocess.run(["umount", "-l", disk], check=True)


def fill(disk):
    with open(disk / "rest", "wb") as f:
        try:
            while True:
                f.write(bytes(1 << 16))
                f.flush()
        except OSError:
            pass


def test_without_room_for_the_journal_a_process_runs_without_authorities(own_daemon, small_disk,
                                                                         operator):
    options = ["--overlay", f"lower={small_disk}/lower,upper={small_disk}/upper,"
                            f"work={small_disk}/work"]
    own_daemon.start()
    wait_until(lambda: "underlay" in run(own_daemon, options, "true")[1], 30, "it has settled")
    fill(small_disk)
    done, trust = run(own_daemon, options, *counts(operator), trust="on")
    assert (done.stdout, trust["result"]) == ("0\n", "failed"), done.stderr
    assert "No space left" in trust["warnings"][0] and "underlay" not in trust
    done = own_daemon.ctl("run", *options, "--ca", "require", "true")
    assert done.returncode == 125 and "No space left" in done.stderr
    os.unlink(small_disk / "rest")
    done, trust = run(own_daemon, options, *counts(operator))
    assert (done.stdout, trust["result"]) == ("1\n", "installed"), done.stderr
    assert os.listdir(small_disk / "upper") == []
