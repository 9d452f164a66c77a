# SPDX-License-Identifier: Apache-2.0
"""Containers of anchor-runc trust the operator's authorities, and nothing is left of it."""
import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time
from types import SimpleNamespace

import pytest

from support import law as law_module, manifest, processes, roots, rootfs
from support.daemon import wait_until
from support.runc import SLEEP, Engine, sleeps_after
from test_java import name_of

LONG = "ANCHORD_LONG" in os.environ
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PLACES = [(name, "overlay") for name in rootfs.NAMES] + [
    (name, "bind") for name in ("bookworm-minbase", "bookworm-ca")]

_counter = itertools.count(1)


@contextlib.contextmanager
def an_engine(workspace, volatile, operator, **kwargs):
    name = f"runc-{next(_counter)}"
    engine = Engine(workspace / name, volatile / name, [operator], **kwargs)
    try:
        yield engine
        engine.assert_clean()
    finally:
        engine.close()


@pytest.fixture
def engine(workspace, volatile, operator):
    with an_engine(workspace, volatile, operator) as engine:
        yield engine


@pytest.fixture
def overlay(make_rootfs):
    return make_rootfs("bookworm-ca", "overlay")


@pytest.fixture
def shown(engine, overlay):
    """The overlay, mounted by the engine."""
    return engine.mount(overlay)


def counts(operator, bundle=BUNDLE) -> list:
    return ["grep", "-cF", operator.body[0], bundle]


def trusts(engine, id_, operator) -> bool:
    done = engine("exec", id_, *counts(operator))
    assert done.stdout in ("0\n", "1\n"), done.stderr
    return done.stdout == "1\n"


# The life of a container.

@pytest.mark.parametrize("name,how", PLACES)
def test_a_container_trusts_and_leaves_nothing(engine, operator, make_rootfs, name, how):
    root = make_rootfs(name, how)
    place = engine.mount(root)
    done = engine.run(place, *counts(operator, rootfs.BUNDLES[name]))
    assert done.stdout == "1\n", done.stderr
    root.assert_untouched()


def test_curl_trusts_the_server(engine, operator, server, workspace):
    upper, work = engine.workspace / "upper", engine.workspace / "work"
    upper.mkdir()
    work.mkdir()
    place = engine.mount_overlay(
        f"lowerdir={roots.make('bookworm-clients')},upperdir={upper},workdir={work}")
    curl = ["curl", "-sS", server.url + "x"]
    done = engine.run(place, *curl)
    assert (done.returncode, done.stdout.split()[:1]) == (0, ["hello"]), done.stderr
    assert engine.run(place, *curl, env={"ANCHORD_TRUST": "off"}).returncode == 60
    assert list(upper.rglob("*")) == []


@pytest.mark.parametrize("how", rootfs.HOW)
def test_created_started_killed_deleted(engine, operator, make_rootfs, how):
    root = make_rootfs("bookworm-ca", how)
    id_ = engine.create(engine.mount(root))
    engine.start(id_)
    assert trusts(engine, id_, operator)
    engine.do("kill", id_, "KILL")
    wait_until(lambda: engine.status(id_) == "stopped", 10, "it has ended")
    engine.do("delete", id_)
    root.assert_untouched()


def test_created_and_deleted_by_force(engine, overlay, shown):
    id_ = engine.create(shown)
    assert overlay.path(BUNDLE).exists()
    engine.do("delete", "--force", id_)
    overlay.assert_untouched()


def test_kept_and_deleted(engine, operator, overlay, shown):
    done = engine.run(shown, *counts(operator), verb=("run", "--keep"), id_="kept")
    assert done.stdout == "1\n", done.stderr
    overlay.assert_untouched()
    engine.do("delete", "kept")


def test_a_container_that_can_not_start_leaves_nothing(engine, overlay, shown):
    assert engine.run(shown, "/no/such/program").returncode == 1
    overlay.assert_untouched()


def test_the_caller_has_unmounted_before_it_deletes(engine, overlay, shown):
    id_ = engine.create(shown)
    engine.start(id_)
    engine.end(id_)
    engine.host("umount", shown)
    engine.do("delete", "--force", id_)
    overlay.assert_untouched()


def test_what_the_process_changed_is_kept(engine, operator, stranger, overlay, shown):
    (overlay.directory / "own.pem").write_text(stranger.pem)
    mounts = [{"destination": "/own.pem", "source": f"{overlay.directory}/own.pem",
               "options": ["rbind", "ro"]}]
    done = engine.run(shown, "sh", "-c", f"cat /own.pem >> {BUNDLE}; echo x > /etc/motd",
                      mounts=mounts)
    assert done.returncode == 0, done.stderr
    overlay.assert_nothing_of(operator)
    expected = (roots.make("bookworm-ca") / BUNDLE[1:]).read_text() + stranger.pem
    assert overlay.path(BUNDLE).read_text() == expected
    assert overlay.path("/etc/motd").read_text() == "x\n"


# The law, with the same processes as for execs of the daemon.

def make_place(tree, name):
    """A runtime leaves what it mounts something at: two runs would differ in its time."""
    before = os.stat(tree)
    os.mkdir(f"{tree}/{name}")
    for path in (f"{tree}/{name}", tree):
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class AsDaemon:
    """What law.py asks of a daemon, by containers of an engine."""

    def __init__(self, engine):
        self.engine = engine

    def ctl(self, verb, *options, timeout=None):
        words, mounts, place = iter(options), [], None
        for word in words:
            if word == "--rootfs":
                place = next(words)
                make_place(place, "gift")
            elif word == "--overlay":
                where = next(words)
                make_place(re.search("upper=([^,]*)", where)[1], "gift")
                place = self.engine.mount(SimpleNamespace(how="overlay", options=[word, where]))
            elif word == "--mount":
                fields = dict(re.findall("(source|destination)=([^,]*)", next(words)))
                mounts.append(fields | {"options": ["rbind", "ro"]})
            elif word == "--ca":
                trust = next(words)
            else:
                return self.engine.run(place, word, *words, mounts=mounts,
                                       annotations={"org.anchord.trust": trust})


LAWS = [("bookworm-ca", "overlay", names) for names in (
    "adds_a_ca+moves_the_bundle_there_and_back", "removes_etc_ssl_and_makes_it_anew",
    "appends_its_own_ca+touches_the_certs_directory+hard_links_the_bundle_and_edits_it",
    "replaces_the_drop_in_directory_by_a_link")] + [
    ("bookworm-ca", "bind", "chowns_everything+edits_the_bundle_in_place"),
    ("bookworm-minbase", "overlay", "makes_a_directory_beside_the_bundle+writes_the_bundle_anew"),
    ("bookworm-rhel", "overlay", "adds_ours_with_the_tool"),
    ("bookworm-suse", "bind", "removes_the_certs+adds_a_ca"),
    ("bookworm-java", "overlay", "moves_the_keystore")]


@pytest.mark.parametrize("root,how,names", LAWS)
def test_a_process_leaves_what_it_leaves_without_us(engine, operator, stranger, tmp_path, root, how,
                                                    names):
    (engine.workspace / "law").mkdir()
    law = law_module.Law(AsDaemon(engine), engine.workspace / "law", operator, stranger,
                         name_of(operator), tmp_path)
    actions = tuple(processes.BY_NAME[name] for name in names.split("+"))
    assert law.judge(root, how, actions, law.workspace / "case") == []


# Whoever dies.

@pytest.mark.parametrize("verb", ["create", "run"])
@pytest.mark.parametrize("place", ["journal.recorded", "install.applied", "install.done",
                                   "runc.trust.installed"])
def test_killed_while_it_installs(engine, overlay, shown, place, verb):
    done = engine.run(shown, "true", verb=(verb,), id_="dead", fault=place)
    assert done.returncode == -signal.SIGKILL
    engine.do("delete", "--force", "dead")
    overlay.assert_untouched()


@pytest.mark.parametrize("place", ["undo.applied", "undo.done", "journal.removed",
                                   "runc.trust.undone"])
def test_killed_while_it_undoes(engine, overlay, shown, place):
    script = "rm /usr/local/share/ca-certificates/*"  # so that there is something to undo
    id_ = engine.create(shown, *sleeps_after(script))
    engine.start(id_)
    engine.end(id_)
    assert engine("delete", id_, fault=place).returncode == -signal.SIGKILL
    engine.do("delete", "--force", id_)
    overlay.assert_untouched()


@pytest.mark.parametrize("first", (2, 9))
def test_killed_at_the_nth_place(engine, operator, make_rootfs, first):
    """A spread over the places of a run; ANCHORD_LONG takes every one."""
    root = make_rootfs("bookworm-minbase", "overlay")
    place = engine.mount(root)
    for n in range(first, 400, 1 if LONG else 14):
        done = engine.run(place, "true", id_="dead", fault=f"#{n}")
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        engine.do("delete", "--force", "dead")
        root.assert_untouched()
        assert engine.traces() == [], n
    else:
        raise AssertionError("it never came to its end")
    assert engine.run(place, *counts(operator)).stdout == "1\n"
    root.assert_untouched()


def test_anchor_runc_is_killed_while_the_process_runs(engine, overlay, shown):
    client = engine.spawn("run", "--bundle", engine.bundle(shown, *SLEEP), "dead")
    assert client.stdout.readline() == "up\n", client.stderr.read()
    client.kill()
    client.wait()
    engine.do("delete", "--force", "dead")
    overlay.assert_untouched()


def test_deleted_without_any_state_of_the_container(engine, overlay, shown):
    """--root was on a tmpfs; who deletes knows the id."""
    id_ = engine.create(shown)
    engine.end(id_)
    shutil.rmtree(engine.root / id_)
    assert overlay.path(BUNDLE).exists()
    engine.do("delete", "--force", id_)
    overlay.assert_untouched()


# Several over one rootfs.

def test_the_last_of_two_undoes(engine, operator, overlay, shown):
    first = engine.create(shown)
    engine.start(first)
    second = engine.create(shown)
    engine.start(second)
    for id_ in (first, second):
        assert trusts(engine, id_, operator)
    engine.do("delete", "--force", first)
    assert trusts(engine, second, operator)
    engine.do("delete", "--force", second)
    overlay.assert_untouched()


def test_a_dead_one_does_not_count(engine, operator, overlay, shown):
    """Nobody has deleted it when the next one comes."""
    dead = engine.create(shown)
    engine.end(dead)
    done = engine.run(shown, *counts(operator))
    assert done.stdout == "1\n", done.stderr
    overlay.assert_untouched()
    engine.do("delete", dead)
    overlay.assert_untouched()


def test_runs_in_turn_over_one_mount(engine, operator, stranger, overlay, shown):
    """As a build does; the host looks at the mount in between."""
    done = engine.run(shown, "sh", "-c", f"echo '# one' >> {BUNDLE}; grep -c one {BUNDLE}")
    assert done.stdout == "1\n", done.stderr
    lower = (roots.make("bookworm-ca") / BUNDLE[1:]).read_text()
    assert engine.host("cat", shown / BUNDLE[1:]) == lower + "# one\n"
    done = engine.run(shown, "sh", "-c", f"echo '# two' >> {BUNDLE}; grep -cF '{operator.body[0]}' "
                      f"{BUNDLE}")
    assert done.stdout == "1\n", done.stderr
    assert engine.host("cat", shown / BUNDLE[1:]) == lower + "# one\n# two\n"
    assert overlay.path(BUNDLE).read_text() == lower + "# one\n# two\n"
    overlay.assert_nothing_of(operator)


def test_the_mount_shows_the_host_what_the_container_sees(engine, operator, overlay, shown):
    engine.host("ls", "-R", shown / "etc/ssl", shown / "usr/local")  # the kernel remembers it
    before = engine.host("md5sum", shown / BUNDLE[1:])
    id_ = engine.create(shown)
    engine.start(id_)
    assert operator.body[0] in engine.host("cat", shown / BUNDLE[1:])
    assert "anchord-" in engine.host("ls", shown / "usr/local/share/ca-certificates")
    engine.do("delete", "--force", id_)
    assert engine.host("md5sum", shown / BUNDLE[1:]) == before
    assert engine.host("ls", shown / "usr/local/share/ca-certificates") == ""
    overlay.assert_untouched()


# What the rootfs is like.

@pytest.mark.parametrize("name", ["bookworm-ca", "bookworm-rhel"])
def test_a_read_only_rootfs_gets_masks(engine, operator, make_rootfs, name):
    root = make_rootfs(name, "overlay")
    done = engine.run(engine.mount(root), "sh", "-c", "cat $SSL_CERT_FILE /etc/ssl/certs/ca-c* "
                      f"{rootfs.BUNDLES[name]} 2>/dev/null | grep -cF '{operator.body[0]}'",
                      readonly=True)
    assert int(done.stdout) > 0, done.stderr
    root.assert_untouched()


def test_layers_with_relative_paths_are_read_only_for_us(engine, operator, overlay):
    lower = roots.make("bookworm-ca")
    place = engine.mount_overlay(
        f"lowerdir={lower.name},upperdir={overlay.tree},workdir={overlay.directory}/work",
        cwd=lower.parent)
    done = engine.run(place, "sh", "-c",
                      f"grep -cF '{operator.body[0]}' {BUNDLE}; echo x > /etc/motd")
    assert done.stdout == "1\n", done.stderr
    assert sorted(p.name for p in overlay.tree.rglob("*")) == ["etc", "motd"]


def test_what_a_process_holds_open_costs_the_authorities_not_the_container(
        engine, operator, overlay, shown):
    """The kernel can't forget a directory that somebody is in."""
    holder = subprocess.Popen(
        engine.in_namespace("sh", "-c", f"cd {shown}/etc/ssl/certs; echo; exec sleep 1000"),
        stdout=subprocess.PIPE)
    try:
        holder.stdout.readline()
        done = engine.run(shown, *counts(operator))
        assert (done.returncode, done.stdout) == (1, "0\n")
        assert "is in use" in done.stderr and "doesn't trust" in done.stderr
        overlay.assert_untouched()
        done = engine.run(shown, "true", env={"ANCHORD_TRUST": "require"})
        assert (done.returncode, "is in use" in done.stderr) == (1, True)
        overlay.assert_untouched()
    finally:
        holder.kill()
        holder.communicate()


# What is asked for.

@pytest.mark.parametrize("how", [{"annotations": {"org.anchord.trust": "off"}},
                                 {"variables": ["ANCHORD_TRUST=off"]},
                                 {"env": {"ANCHORD_TRUST": "off"}}])
def test_switched_off(engine, operator, overlay, shown, how):
    done = engine.run(shown, *counts(operator), **how)
    assert (done.returncode, done.stdout, done.stderr) == (1, "0\n", "")
    overlay.assert_untouched()


def test_without_authorities_nothing_is_said_unless_they_are_required(engine, overlay, shown):
    for path in engine.authorities.iterdir():
        path.unlink()
    done = engine.run(shown, "echo", "hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
    done = engine.run(shown, "true", annotations={"org.anchord.trust": "require"})
    assert (done.returncode, "has no authorities" in done.stderr) == (1, True)
    engine.authorities.rmdir()
    assert engine.run(shown, "echo", "hello").stderr == ""
    overlay.assert_untouched()


def test_a_broken_authority_is_left_out_and_said(engine, operator, overlay, shown):
    (engine.authorities / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    (engine.authorities / "key.pem").write_text(operator.key.read_text())
    done = engine.run(shown, *counts(operator))
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    overlay.assert_untouched()


def test_a_process_that_joins_has_the_variables(engine, operator, make_rootfs):
    root = make_rootfs("bookworm-minbase", "overlay")
    id_ = engine.create(engine.mount(root), *sleeps_after("env"))
    own = engine.start(id_)
    joined = engine.do("exec", id_, "env")
    engine.do("delete", "--force", id_)
    root.assert_untouched()
    added = [line for line in own.splitlines() if "anchord-" in line]
    assert added and set(added) <= set(joined.splitlines())


# What nobody deletes: the daemon undoes it.

@pytest.fixture
def beside(own_daemon, workspace, volatile, operator):
    """An engine whose journals are where the daemon looks."""
    with an_engine(workspace, volatile, operator, state=own_daemon.state_dir / "runc") as engine:
        yield engine


def abandon(engine, root) -> str:
    """The machine went down: process and --root are gone."""
    id_ = engine.create(engine.mount(root))
    engine.end(id_)
    shutil.rmtree(engine.root / id_)
    assert root.path(BUNDLE).exists()
    return id_


def repair(daemon, *args):
    done = daemon.ctl("repair", "--json", *args)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_the_daemon_repairs_what_nobody_deletes(own_daemon, beside, operator, overlay):
    own_daemon.start()
    id_ = abandon(beside, overlay)
    before = overlay.manifest()
    assert own_daemon.json("info")["leftovers"] == 1
    document = repair(own_daemon, "--dry-run")
    left = document["leftovers"][0]
    assert (left["kind"], left["containers"], left["result"]) == ("runc", [id_], "left"), left
    assert BUNDLE in left["touched"] and left["upper"] == str(overlay.tree)
    assert manifest.differences(before, overlay.manifest()) == []
    text = own_daemon.ctl("repair", "--dry-run").stdout
    assert id_ in text and left["id"] in text
    left = repair(own_daemon, left["id"])["leftovers"][0]
    assert left["result"] == "undone", left
    overlay.assert_untouched()
    assert own_daemon.json("info")["leftovers"] == 0
    assert own_daemon.ctl("repair", left["id"]).returncode == 125


def test_the_start_of_the_daemon_repairs_it_too(own_daemon, beside, overlay):
    abandon(beside, overlay)
    own_daemon.start()
    overlay.assert_untouched()
    assert "recover" in own_daemon.log()


def test_the_daemon_leaves_a_living_container_alone(own_daemon, beside, operator, overlay):
    id_ = beside.create(beside.mount(overlay))
    beside.start(id_)
    own_daemon.start()
    assert repair(own_daemon)["n_leftovers"] == 0
    tree = os.listdir(beside.state / "trees")[0]
    refused = own_daemon.ctl("repair", "--forget", f"runc:{tree}")
    assert (refused.returncode, "lives" in refused.stderr) == (125, True), refused
    assert trusts(beside, id_, operator)
    beside.do("delete", "--force", id_)
    overlay.assert_untouched()


def test_a_tree_that_is_gone_is_forgotten(own_daemon, beside, overlay):
    abandon(beside, overlay)
    overlay.tree.rename(f"{overlay.tree}.away")
    own_daemon.start()
    left = repair(own_daemon)["leftovers"][0]
    assert (left["result"], "--forget" in left["advice"]) == ("failed", True), left
    assert repair(own_daemon, "--forget", left["id"])["leftovers"][0]["result"] == "forgotten"
    assert beside.traces() == []
    os.rename(f"{overlay.tree}.away", overlay.tree)


def test_an_exec_over_the_same_tree_is_waited_for(own_daemon, beside, operator, overlay):
    own_daemon.start()
    abandon(beside, overlay)
    client = own_daemon.spawn("run", "--id", "same", "--ca", "off", *overlay.options, *SLEEP)
    assert client.stdout.readline() == "up\n", client.stderr.read()
    left = repair(own_daemon)["leftovers"][0]
    assert (left["result"], "runs over the same tree" in left["error"]) == ("left", True), left
    own_daemon.ctl("kill", "--all", "same")
    client.communicate(timeout=60)
    assert repair(own_daemon)["leftovers"][0]["result"] == "undone"
    overlay.assert_untouched()


def test_a_directory_that_has_got_the_number_of_one_that_is_gone(engine, operator, make_rootfs):
    """Numbers of inodes are given again; what can't be undone any more must not be in the way."""
    gone = make_rootfs("bookworm-ca", "overlay")
    time.sleep(0.05)  # more than a tick of the clock that gives birthdays
    root = make_rootfs("bookworm-ca", "overlay")
    id_ = abandon(engine, gone)
    tree, = (engine.state / "trees").iterdir()
    device, inode, born = tree.name.split("-")
    assert int(inode, 16) == os.stat(gone.tree).st_ino
    again = f"{device}-{os.stat(root.tree).st_ino:x}-{born}"
    tree.rename(tree.parent / again)
    away = gone.tree.rename(f"{gone.tree}.away")
    done = engine.run(engine.mount(root), *counts(operator))
    assert done.stdout == "1\n", done.stderr
    root.assert_untouched()
    away.rename(gone.tree)
    (tree.parent / again).rename(tree)
    engine.do("delete", "--force", id_)
    gone.assert_untouched()
