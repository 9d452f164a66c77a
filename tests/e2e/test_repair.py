# SPDX-License-Identifier: Apache-2.0
"""What could not be undone: anchorctl repair shows it, undoes it when it can be, or forgets it."""
import contextlib
import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support import manifest, roots
from support.daemon import PATIENCE

SLEEP = ("sh", "-c", "echo up; exec sleep 1000")


@pytest.fixture
def overlay(make_rootfs):
    return make_rootfs("bookworm-ca", "overlay")


def start_exec(daemon, root, name, *options, command=SLEEP):
    client = daemon.spawn("run", "--id", name, "--ca", "require", *root.options, *options, *command)
    assert client.stdout.readline() == "up\n", client.stderr.read()
    return client


def kill_daemon(daemon, *clients):
    daemon.kill()
    for client in clients:
        client.communicate(timeout=PATIENCE)


@contextlib.contextmanager
def away(*trees):
    """The directories are somewhere else."""
    for tree in trees:
        tree.rename(f"{tree}.away")
    yield
    for tree in trees:
        Path(f"{tree}.away").rename(tree)


def leave(daemon, root, name="left", *options):
    """An exec over the tree of which the daemon's start could not undo anything."""
    if not daemon.process or daemon.process.poll() is not None:
        daemon.start()
    client = start_exec(daemon, root, name, *options)
    kill_daemon(daemon, client)
    with away(root.tree):
        daemon.start()


def repair(daemon, *args):
    """(exit status, document)"""
    done = daemon.ctl("repair", "--json", *args)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def one(document):
    assert document["n_leftovers"] == len(document["leftovers"]) == 1, document
    return document["leftovers"][0]


def journals(daemon) -> dict:
    return manifest.read(daemon.state_dir / "execs")


@pytest.mark.parametrize("how", ["bind", "overlay"])
def test_a_tree_that_was_away_is_restored_when_it_is_back(own_daemon, operator, make_rootfs, how):
    root = make_rootfs("bookworm-ca", how)
    own_daemon.start()
    client = start_exec(own_daemon, root, "left", "--mount",
                        f"type=bind,source={own_daemon.workspace},destination=/new/place")
    kill_daemon(own_daemon, client)
    with away(root.tree):
        own_daemon.start()
        assert own_daemon.json("info")["leftovers"] == 1
        before = journals(own_daemon)
        for options in (["--dry-run"], []):
            status, document = repair(own_daemon, *options)
            left = one(document)
            assert (status, document["n_left"], left["id"]) == (1, 1, "left")
            assert left["result"] == ("left" if options else "failed")
            assert str(root.tree) in left["error"]
            assert "--forget" in left["advice"]
            assert left["family"] == "debian"
            assert "/etc/ssl/certs/ca-certificates.crt" in left["touched"]
            assert left["rootfs" if how == "bind" else "upper"] == str(root.tree)
        assert manifest.differences(before, journals(own_daemon)) == []

    tree = root.manifest()
    text = own_daemon.ctl("repair", "--dry-run")
    assert text.returncode == 1
    assert "ca-certificates.crt" in text.stdout and "\033" not in text.stdout
    status, document = repair(own_daemon, "--dry-run")
    planned = one(document)["changes"]
    assert "error" not in one(document)
    assert {"/new/place", "/etc/ssl/certs/ca-certificates.crt"} <= {c["path"] for c in planned}
    assert manifest.differences(tree, root.manifest()) == []

    status, document = repair(own_daemon)
    assert (status, document["n_left"], one(document)["result"]) == (0, 0, "undone")
    assert one(document)["changes"] == planned
    root.assert_untouched()
    root.assert_nothing_of(operator)

    again = own_daemon.ctl("repair")
    assert (again.returncode, again.stdout) == (0, "nothing is left\n")
    assert own_daemon.json("info")["leftovers"] == 0
    unknown = own_daemon.ctl("repair", "left")
    assert (unknown.returncode, "'left'" in unknown.stderr) == (125, True)


@contextlib.contextmanager
def read_only(tree):
    subprocess.run(["mount", "-o", "remount,ro", tree.parent], check=True)
    yield
    subprocess.run(["mount", "-o", "remount,rw", tree.parent], check=True)


@pytest.mark.parametrize("trouble,needle", [(away, "No such file"), (read_only, "is read-only now")])
def test_a_finish_that_failed_is_repaired_by_the_running_daemon(
        own_daemon, operator, overlay, volatile, trouble, needle):
    disk = volatile / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "anchord-test", disk], check=True)
    try:
        upper, work = disk / "upper", disk / "work"
        shutil.copytree(overlay.tree, upper)
        work.mkdir()
        before = manifest.read(upper)
        lower = re.search("lower=([^,]*)", overlay.options[1])[1]
        overlay.options = ["--overlay", f"lower={lower},upper={upper},work={work}"]
        own_daemon._mounts_before.append((str(disk), "tmpfs", "anchord-test"))
        own_daemon.start()
        client = start_exec(own_daemon, overlay, "left")
        with trouble(upper):
            own_daemon.ctl("kill", "--all", "left")
            _, complaint = client.communicate(timeout=PATIENCE)
            assert client.returncode == 125
            assert needle in complaint
            status, document = repair(own_daemon)
            assert (status, one(document)["result"]) == (1, "failed")
            assert needle in one(document)["error"]
        status, document = repair(own_daemon, "left")
        assert (status, one(document)["result"]) == (0, "undone")
        assert manifest.differences(before, manifest.read(upper)) == []
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
        disk.rmdir()


def test_an_empty_directory_in_place_of_a_disk_is_not_taken_for_the_tree(
        own_daemon, operator, make_rootfs, workspace):
    """All would look as if the user had removed it, and the journal would be lost."""
    root = make_rootfs("bookworm-ca", "bind")
    place = workspace / "place"
    place.mkdir()
    subprocess.run(["mount", "--bind", root.tree, place], check=True)
    try:
        own_daemon.start()
        client = own_daemon.spawn("run", "--id", "left", "--rootfs", place, *SLEEP)
        assert client.stdout.readline() == "up\n"
        kill_daemon(own_daemon, client)
    finally:
        subprocess.run(["umount", place], check=True)
    own_daemon.start()
    status, document = repair(own_daemon)
    assert (status, one(document)["result"]) == (1, "failed")
    assert f"'{place}' is another directory" in one(document)["error"]
    assert os.listdir(place) == []
    subprocess.run(["mount", "--bind", root.tree, place], check=True)
    try:
        status, document = repair(own_daemon)
    finally:
        subprocess.run(["umount", place], check=True)
    place.rmdir()
    assert (status, one(document)["result"]) == (0, "undone")
    root.assert_untouched()


def test_a_tree_that_an_exec_runs_over_waits_for_its_end(own_daemon, operator, overlay, make_rootfs):
    other = make_rootfs("bookworm-ca", "overlay")
    leave(own_daemon, overlay)
    same = start_exec(own_daemon, overlay, "same")
    bare = start_exec(own_daemon, overlay, "bare", "--ca", "off")
    elsewhere = start_exec(own_daemon, other, "elsewhere")
    trees = overlay.manifest(), other.manifest()
    before = journals(own_daemon)

    status, document = repair(own_daemon)
    left = one(document)
    assert (status, left["id"], left["result"]) == (1, "left", "left")
    assert re.search("exec '(same|bare)' runs over the same tree", left["error"])
    left = one(repair(own_daemon, "--dry-run")[1])
    assert "runs over the same tree" in left["error"] and left["changes"]
    for alive in ("same", "elsewhere"):
        for options in ([], ["--dry-run"], ["--forget"]):
            refused = own_daemon.ctl("repair", *options, alive)
            assert (refused.returncode, "lives" in refused.stderr) == (125, True), refused
    assert manifest.differences(trees[0], overlay.manifest()) == []
    assert manifest.differences(trees[1], other.manifest()) == []
    assert manifest.differences(before, journals(own_daemon)) == []

    for name, client in (("same", same), ("bare", bare)):
        own_daemon.ctl("kill", "--all", name)
        client.communicate(timeout=PATIENCE)
    status, document = repair(own_daemon)
    assert (status, one(document)["result"]) == (0, "undone")
    overlay.assert_untouched()
    assert manifest.differences(trees[1], other.manifest()) == []
    own_daemon.ctl("kill", "--all", "elsewhere")
    elsewhere.communicate(timeout=PATIENCE)
    other.assert_untouched()


def test_the_journal_of_a_shared_tree_is_no_leftover_when_its_exec_has_ended(
        own_daemon, operator, overlay):
    own_daemon.start()
    first = start_exec(own_daemon, overlay, "first")
    second = start_exec(own_daemon, overlay, "second")
    own_daemon.ctl("kill", "--all", "first")
    first.communicate(timeout=PATIENCE)
    assert (own_daemon.state_dir / "execs/first").is_dir()
    assert repair(own_daemon) == (0, {"dry_run": False, "n_leftovers": 0, "n_left": 0,
                                      "n_omitted": 0, "leftovers": []})
    refused = own_daemon.ctl("repair", "--forget", "first")
    assert (refused.returncode, "shares its tree" in refused.stderr) == (125, True), refused
    own_daemon.ctl("kill", "--all", "second")
    second.communicate(timeout=PATIENCE)
    overlay.assert_untouched()


def test_what_was_installed_last_is_undone_first(own_daemon, operator, stranger, overlay):
    """The second rewrote what the first had written, so that stays in the layer, as it was."""
    leave(own_daemon, overlay, "a")
    own_daemon.add_authority(stranger)
    own_daemon.ctl("authorities", "--reload")
    leave(own_daemon, overlay, "b")
    status, document = repair(own_daemon)
    assert status == 0, document
    assert [x["id"] for x in document["leftovers"]] == ["b", "a"]
    for authority in (operator, stranger):
        overlay.assert_nothing_of(authority)
    for path in overlay.tree.rglob("*"):
        lower = roots.make(overlay.name) / path.relative_to(overlay.tree)
        assert path.is_dir() or path.read_bytes() == lower.read_bytes(), path


def test_an_exec_of_the_same_id_leaves_the_journal_alone(own_daemon, operator, overlay, make_rootfs):
    leave(own_daemon, overlay, "left", "--mount",
          f"type=bind,source={own_daemon.workspace},destination=/new")
    before, tree = journals(own_daemon), overlay.manifest()
    other = make_rootfs("bookworm-ca", "overlay")
    refused = own_daemon.ctl("run", "--id", "left", *other.options, "true")
    assert (refused.returncode, "anchorctl repair" in refused.stderr) == (125, True), refused
    assert manifest.differences(before, journals(own_daemon)) == []
    assert manifest.differences(tree, overlay.manifest()) == []
    assert repair(own_daemon)[0] == 0
    overlay.assert_untouched()


def test_forget_gives_up_what_is_named_and_nothing_else(own_daemon, operator, make_rootfs):
    gone, kept = (make_rootfs("bookworm-ca", "overlay") for _ in range(2))
    own_daemon.start()
    clients = [start_exec(own_daemon, root, name) for root, name in ((gone, "gone"), (kept, "kept"))]
    kill_daemon(own_daemon, *clients)
    with away(kept.tree):
        shutil.rmtree(gone.tree)
        own_daemon.start()
        for wrong in (["--forget"], ["--forget", "--dry-run", "gone"], ["--forget", "nobody"],
                      ["--forget", "../../x"], ["--forget", "gone", "nobody"]):
            assert own_daemon.ctl("repair", *wrong).returncode == 125, wrong
        assert repair(own_daemon)[1]["n_left"] == 2
        status, document = repair(own_daemon, "--forget", "gone")
        assert (status, one(document)["result"]) == (0, "forgotten")
        assert os.listdir(own_daemon.state_dir / "execs") == ["kept"]
    assert repair(own_daemon)[0] == 0
    kept.assert_untouched()
    gone.tree.mkdir()


def cut_off(journal):
    journal.write_bytes(journal.read_bytes()[:300])


def flip_a_bit(journal):
    text = bytearray(journal.read_bytes())
    text[300] ^= 1
    journal.write_bytes(text)


def test_a_broken_journal_is_named_stays_and_keeps_nobody_else_from_repair(
        own_daemon, operator, make_rootfs):
    wrong = {"cut-off": cut_off, "flipped": flip_a_bit, "empty": lambda j: j.write_bytes(b"")}
    trees_of = {name: make_rootfs("bookworm-ca", "overlay") for name in [*wrong, "sound"]}
    own_daemon.start()
    clients = [start_exec(own_daemon, root, name) for name, root in trees_of.items()]
    kill_daemon(own_daemon, *clients)
    execs = own_daemon.state_dir / "execs"
    for name, spoil in wrong.items():
        shutil.copytree(execs / name, own_daemon.workspace / "kept" / name)
        spoil(execs / name / "trust/journal")
    (execs / "no-directory").write_text("")
    with away(*(root.tree for root in trees_of.values())):
        own_daemon.start()
    trees = {name: root.manifest() for name, root in trees_of.items()}

    status, document = repair(own_daemon)
    results = {x["id"]: x["result"] for x in document["leftovers"]}
    errors = {x["id"]: x.get("error", "") for x in document["leftovers"]}
    assert status == 1
    assert results == {"sound": "undone"} | {name: "failed" for name in [*wrong, "no-directory"]}
    assert all("the journal is damaged" in errors[name] for name in wrong), errors
    assert "no-directory" in errors["no-directory"]
    assert repair(own_daemon, "--forget", "no-directory")[0] == 0
    for name in wrong:
        assert manifest.differences(trees[name], trees_of[name].manifest()) == []
        shutil.rmtree(execs / name)
        shutil.copytree(own_daemon.workspace / "kept" / name, execs / name)
    assert repair(own_daemon)[0] == 0
    for root in trees_of.values():
        root.assert_untouched()


@pytest.mark.parametrize("place", ["undo.applied", "undo.done", "journal.removed", "io.remove:2",
                                   "exec.finish.end:2"])
def test_killed_in_the_middle_of_a_repair_then_repaired(own_daemon, operator, overlay, place):
    own_daemon.start()
    client = start_exec(own_daemon, overlay, "left")
    kill_daemon(own_daemon, client)
    with away(overlay.tree):
        own_daemon.start(fault=place)
    assert own_daemon.ctl("repair").returncode == 125
    own_daemon.wait_for_death()
    with away(overlay.tree):
        own_daemon.start()
    assert repair(own_daemon)[0] == 0
    overlay.assert_untouched()
    overlay.assert_nothing_of(operator)


def test_without_a_daemon_it_says_that_its_start_repairs(own_daemon):
    done = own_daemon.ctl("repair")
    assert done.returncode == 125
    assert "anchord undoes what is left when it starts" in done.stderr
    assert "is anchord running?" in done.stderr


def test_a_terminal_gets_colour(own_daemon):
    own_daemon.start()
    for term, said in (("xterm", b"\033[32mnothing is left\033[0m\r\n"),
                       ("dumb", b"nothing is left\r\n")):
        master, slave = pty.openpty()
        subprocess.run(own_daemon.argv("repair"), stdout=slave, check=True, timeout=PATIENCE,
                       env=own_daemon.client_environment() | {"TERM": term})
        os.close(slave)
        assert os.read(master, 1000) == said
        os.close(master)
