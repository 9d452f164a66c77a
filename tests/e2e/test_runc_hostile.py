# SPDX-License-Identifier: Apache-2.0
"""Files that anchor-runc reads and paths that it is given, when they are not what they should be."""
import os
import shutil
import socket
import stat
from pathlib import Path

import pytest

from support import pki
from support.attack_fixtures import jail, stage  # noqa: F401
from support.daemon import wait_until

HUGE = 1 << 30


def fifo(path: Path, _stage):
    os.mkfifo(path)


def device(path: Path, _stage):
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))


def link_to_device(path: Path, _stage):
    path.symlink_to("/dev/zero")


def directory(path: Path, _stage):
    path.mkdir()


def huge(path: Path, _stage):
    with open(path, "wb") as file:
        file.truncate(HUGE)


def sock(path: Path, _stage):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def link_to_host(path: Path, stage):
    path.symlink_to(stage.canary)


def absolute_link_to_host(path: Path, stage):
    path.symlink_to(stage.host / "dir/file")


# The configuration.

@pytest.mark.parametrize("make", [fifo, device, link_to_device, directory, huge, sock,
                                  link_to_host])
def test_a_configuration_that_is_no_document_is_refused_at_once(stage, make):
    bundle = stage.bundle("true")
    (bundle / "config.json").unlink()
    make(bundle / "config.json", stage)
    done = stage("run", "--bundle", bundle, stage.new_id())
    assert done.returncode == 1 and done.stderr
    assert "Sanitizer" not in done.stderr


@pytest.mark.parametrize("make", [fifo, device, link_to_device, directory, huge])
def test_a_process_document_that_is_none_is_refused_at_once(stage, make):
    name = stage.start("/attacker", "rest")
    make(stage.directory / "process.json", stage)
    done = stage("exec", "--process", stage.directory / "process.json", name)
    assert done.returncode == 255 and done.stderr


# The state directory. Only root writes there, but it is read as if others did.

@pytest.mark.parametrize("name", ["../x", "..", ".", "", "a/b", "/etc", "a b", "x\ny", "a" * 300])
def test_an_id_is_a_name_and_no_path(stage, name):
    for verb in (["create", "--bundle", stage.bundle("true")], ["delete", "--force"], ["state"],
                 ["kill"], ["exec"]):
        more = ["true"] if verb == ["exec"] else []
        done = stage(*verb, name, *more)
        assert done.returncode != 0, verb
    assert not stage.root.exists() or os.listdir(stage.root) == []


@pytest.mark.parametrize("verb", [["delete", "--force"], ["delete"], ["state"], ["kill"],
                                  ["start"]])
def test_a_link_in_place_of_a_containers_directory_is_not_followed(stage, verb):
    stage.root.mkdir()
    (stage.host / "state.json").write_text("{}")
    stage.remember_host()
    (stage.root / "linked").symlink_to(stage.host)
    assert stage(*verb, "linked").returncode != 0
    done = stage("create", "--bundle", stage.bundle("true"), "linked")
    assert done.returncode == 1 and "exist" in done.stderr
    stage.assert_host_is_untouched()
    (stage.root / "linked").unlink()


@pytest.mark.parametrize("make", [fifo, device, link_to_device, directory, huge, link_to_host])
def test_a_state_that_is_none_can_be_deleted(stage, make):
    name = stage.create("/attacker", "rest")
    state = stage.root / name / "state.json"
    kept = state.read_text()
    state.unlink()
    make(state, stage)
    for verb in (["state"], ["kill"], ["start"], ["exec"]):
        assert stage(*verb, name, *(["true"] if verb == ["exec"] else [])).returncode != 0, verb
    assert stage("list").returncode in (0, 1)
    state.rmdir() if state.is_dir() and not state.is_symlink() else state.unlink()
    state.write_text(kept)
    stage.ok("delete", "--force", name)
    wait_until(lambda: not stage.jail.processes(), 10, "its process is gone")


def test_what_is_put_into_a_containers_directory_goes_and_nothing_else(stage):
    name = stage.create("/attacker", "rest")
    (stage.root / name / "link").symlink_to(stage.host)
    (stage.root / name / "dir").mkdir()
    (stage.root / name / "dir/canary").symlink_to(stage.canary)
    stage.ok("delete", "--force", name)
    stage.assert_host_is_untouched()


# The console.

@pytest.mark.parametrize("make", [fifo, device, link_to_device, directory, sock, link_to_host])
def test_a_console_that_nobody_listens_at_is_refused_at_once(stage, make):
    path = stage.directory / "console"
    make(path, stage)
    bundle = stage.bundle("true", change=lambda d, _: d["process"].update(terminal=True))
    done = stage("create", "--bundle", bundle, "--console-socket", path, stage.new_id())
    assert done.returncode == 1 and "console" in done.stderr
    assert not stage.root.exists() or os.listdir(stage.root) == []


# The image's list of users, in which the home of the process is looked up.

@pytest.mark.parametrize("make", [fifo, device, link_to_device, directory, huge, link_to_host])
def test_a_list_of_users_that_is_none_costs_nothing_but_the_home(stage, make):
    def change(_document, rootfs):
        make(rootfs / "etc/passwd", stage)
    done = stage.run("echo $HOME", change=change)
    assert (done.returncode, done.stdout) == (0, "/root\n"), done.stderr
    name = stage.start("exec sleep 60", change=change)
    assert stage.ok("exec", name, "/bin/sh", "-c", "echo $HOME") == "/root\n"


# The image's trust store, in which the operator's authorities are installed.

STORE = "etc/ssl/certs/ca-certificates.crt"


@pytest.fixture
def trusting(stage):
    keys = stage.directory / "keys"
    keys.mkdir()
    shutil.copy(pki.Authority(keys, "operator").certificate, stage.authorities)
    return stage


def image(document, rootfs: Path):
    document["mounts"] = [m for m in document["mounts"] if m["destination"] != "/usr"]
    for name in ("bin", "sbin", "lib", "lib64"):
        (rootfs / name).unlink()
    (rootfs / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (rootfs / STORE).parent.mkdir(parents=True)
    shutil.copy(f"/{STORE}", rootfs / STORE)


def test_a_good_store_gets_the_authority_and_loses_it_again(trusting):
    bundle = trusting.bundle("/attacker", "rest", change=image)
    before = (bundle / "rootfs" / STORE).read_bytes()
    name = trusting.create(bundle=bundle)
    assert (bundle / "rootfs" / STORE).read_bytes() != before
    trusting.ok("delete", "--force", name)
    assert (bundle / "rootfs" / STORE).read_bytes() == before


@pytest.mark.parametrize("place", [STORE, "etc/ssl/certs", "etc/ssl", "etc/os-release",
                                   "usr/local/share/ca-certificates", "etc/ca-certificates.conf"])
@pytest.mark.parametrize("make", [fifo, device, link_to_device, huge, link_to_host,
                                  absolute_link_to_host])
def test_a_hostile_store_costs_the_trust_and_not_the_host(trusting, place, make):
    def change(document, rootfs):
        image(document, rootfs)
        path = rootfs / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        make(path, trusting)
    done = trusting.run("/attacker", "descriptors", change=change)
    assert done.returncode == 0, done.stderr
    assert "Sanitizer" not in done.stderr
    trusting.assert_host_is_untouched()


def test_links_of_a_store_to_the_host_are_followed_in_the_image(trusting):
    """Where they lead inside, there is nothing; outside, there is the host's store."""
    store = trusting.host / "certs"
    store.mkdir()
    shutil.copy(f"/{STORE}", store)
    trusting.remember_host()

    def change(document, rootfs):
        image(document, rootfs)
        shutil.rmtree(rootfs / "etc/ssl/certs")
        (rootfs / "etc/ssl/certs").symlink_to(store)
        (rootfs / "etc/pki").symlink_to("/../../../../.." + str(trusting.host))
    name = trusting.create("/attacker", "rest", change=change)
    trusting.assert_host_is_untouched()
    trusting.ok("delete", "--force", name)
