# SPDX-License-Identifier: Apache-2.0
"""Hundreds of short containers, four at a time, with callers that are killed at any moment.

ANCHORD_STORM=10000 makes more of them; ANCHORD_STORM_SEED another storm.
"""
import json
import os
import shutil
import sys
from pathlib import Path

from support import manifest, pki, storm
from support.attack_fixtures import jail, stage  # noqa: F401

COUNT = int(os.environ.get("ANCHORD_STORM", 400))
SEED = int(os.environ.get("ANCHORD_STORM_SEED", 1))
SECONDS_EACH = 2  # on a machine that has other things to do


def make_bundles(stage) -> Path:
    """Two commands in one rootfs, so that containers share what is installed in it."""
    directory = stage.directory
    keys = directory / "keys"
    keys.mkdir()
    shutil.copy(pki.Authority(keys, "operator").certificate, stage.authorities)
    rootfs = stage.bundle("true").rename(directory / "short") / "rootfs"
    (rootfs / "usr").rmdir()
    for name in ("bin", "sbin", "lib", "lib64"):
        (rootfs / name).unlink()
    store = rootfs / "etc/ssl/certs"
    store.mkdir(parents=True)
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", store)
    (rootfs / "usr/local/share/ca-certificates").mkdir(parents=True)
    (rootfs / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    document = json.loads((directory / "short/config.json").read_text())
    document["mounts"] = [m for m in document["mounts"] if m["destination"] != "/usr"]
    document["root"]["path"] = str(rootfs)
    del document["linux"]["cgroupsPath"]
    for name, verb in (("short", "descriptors"), ("long", "rest")):
        document["process"]["args"] = ["/attacker", verb]
        (directory / name).mkdir(exist_ok=True)
        (directory / name / "config.json").write_text(json.dumps(document))
    return rootfs


def test_a_dead_container_leaves_no_note_when_the_last_living_one_has_gone_before(stage):
    make_bundles(stage)
    dead, last = (stage.create(bundle=stage.directory / "long") for _ in range(2))
    stage.jail.check(["kill", "-KILL", stage.pid(dead)])
    for name in (last, dead):
        stage.ok("delete", "--force", name)
    assert [p for p in (stage.directory / "trust").rglob("*") if not p.is_dir()] == []


def test_a_note_that_its_writer_did_not_finish_is_passed_over(stage):
    make_bundles(stage)
    first = stage.create(bundle=stage.directory / "long")
    users = next((stage.directory / "trust/trees").iterdir()) / "users"
    (users / ".somebody.tmp").touch()
    stage.ok("run", "--bundle", stage.directory / "short", stage.new_id())
    stage.ok("delete", "--force", first)


def test_a_cgroup_whose_maker_died_is_found_by_delete(stage):
    """Before its process, and before its state knows more of it than its name."""
    name = stage.create("/attacker", "rest")
    stage.jail.check(["kill", "-KILL", stage.pid(name)])
    state = stage.root / name / "state.json"
    document = json.loads(state.read_text())
    state.write_text(json.dumps(document | {"pid": 0, "isCgroupPlanned": True}))
    stage.ok("delete", "--force", name)
    assert stage.jail.cgroups() == []


def test_a_storm_leaves_nothing_and_nobody_hangs(stage):
    rootfs = make_bundles(stage)
    before = manifest.read(rootfs)
    control = stage.create(bundle=stage.directory / "short")
    assert manifest.differences(before, manifest.read(rootfs)), "nothing is installed"
    stage.ok("delete", "--force", control)
    done = stage.jail.run([sys.executable, "-B", "-S", storm.__file__, stage.binary,
                           stage.directory, COUNT, SEED], timeout=60 + COUNT * SECONDS_EACH)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    print(f"{COUNT} containers: {seen['seconds']} s, {sum(seen['calls'].values())} calls "
          f"{seen['calls']}, the longest took {seen['longest']} s")
    assert seen["complaints"] == []
    assert seen["left"] == {}
    assert manifest.differences(before, manifest.read(rootfs)) == []
