# SPDX-License-Identifier: Apache-2.0
"""Somebody exchanges directories with links while containers start, as fast as it goes.

Before each attack a careless walk by path must get out: that shows that the attack works.
"""
import json
import os
import threading
import time
from pathlib import Path

import pytest

from support.attack_fixtures import jail, stage  # noqa: F401
from support.attacks import ON_TERMINAL, bind
from support.daemon import wait_until

STARTS = 25
SECONDS = 10


def swap(stage, a: Path, b: Path):
    """Exchange the two until the test ends."""
    before = a.is_symlink()
    stage.spawn([stage.attacker, "swap", a, b])
    wait_until(lambda: a.is_symlink() != before, SECONDS, "they are exchanged")


def make_volume(stage, target: str, name: str = "x") -> Path:
    """A volume in which a directory and a link to the host take turns."""
    volume = stage.directory / "volume"
    (volume / name).mkdir(parents=True)
    (volume / "other").symlink_to(target)
    return volume


def careless_mkdir_gets_out(stage, volume: Path, host: Path):
    deadline = time.monotonic() + SECONDS
    while not (host / "careless").exists():
        assert time.monotonic() < deadline, "the attack doesn't work"
        try:
            (volume / "x/careless").mkdir()
        except OSError:
            pass
    (host / "careless").rmdir()


def start_many(stage, bundle: Path, look=None) -> int:
    """Two at a time, each with an id of its own; returns how many could be created."""
    ids = [stage.new_id() for _ in range(STARTS)]
    created = []
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                name = ids.pop() if ids else None
            if name is None:
                return
            with open(stage.directory / f"{name}.log", "w") as log:
                done = stage("create", "--bundle", bundle, name, capture_output=False,
                             stdout=log, stderr=log)
            assert done.returncode in (0, 1), stage.log(name)  # not by a signal
            if done.returncode == 0:
                created.append(name)
                if look:
                    look(name)
            stage.ok("delete", "--force", name)
    failures = []

    def guarded():
        try:
            work()
        except BaseException as failure:
            failures.append(failure)
    threads = [threading.Thread(target=guarded) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return len(created)


def without_own_cgroup(document):
    """Each container gets one by its id: several of a bundle live at once."""
    del document["linux"]["cgroupsPath"]


@pytest.mark.parametrize("below", ["", "/made/by/mkdir"], ids=["mount", "mkdir"])
def test_mounts_below_a_raced_link_stay_inside_cve_2021_30465_cve_2024_45310(stage, below):
    host = stage.directory / "other-host"  # as the canary's, but it may be written for a moment
    (host / "made").mkdir(parents=True)
    volume = make_volume(stage, str(host))
    data = stage.directory / "data"
    data.mkdir()
    (data / "canary").write_text("data\n")

    def change(document, rootfs):
        without_own_cgroup(document)
        document["mounts"] += [bind(volume, "/volume"), bind(data, f"/volume/x{below}"),
                               {"destination": f"/volume/x{below}/deep/tmpfs", "type": "tmpfs",
                                "source": "tmpfs"}]
        (rootfs / str(host)[1:]).mkdir(parents=True)  # where the link leads inside
    swap(stage, volume / "x", volume / "other")
    careless_mkdir_gets_out(stage, volume, host)

    def look(name):
        at = stage.jail.path(f"/proc/{stage.pid(name)}")
        assert str(stage.directory / "host") not in (at / "mountinfo").read_text()
    assert start_many(stage, stage.bundle("true", change=change), look) > 0
    assert sorted(str(p.relative_to(host)) for p in host.rglob("*")) == ["made"]
    stage.assert_host_is_untouched()


def test_links_with_many_dots_stay_inside_too_cve_2021_30465(stage):
    dots = "../" * 20
    host = stage.directory / "other-host"
    host.mkdir()
    volume = make_volume(stage, dots + str(host)[1:])

    def change(document, _rootfs):
        without_own_cgroup(document)
        document["mounts"] += [bind(volume, "/volume"), bind("/usr/share", "/volume/x/made/here")]
    swap(stage, volume / "x", volume / "other")
    careless_mkdir_gets_out(stage, volume, host)
    start_many(stage, stage.bundle("true", change=change))
    assert list(host.iterdir()) == []


GUARDED = [path for path in ("/sys", "/sysrq-trigger", "/bus", "/irq", "/keys", "/timer_list")
           if os.path.exists(f"/proc{path}")]


def test_guards_are_there_or_nothing_starts_when_proc_is_exchanged_cve_2023_27561(stage):
    """Two containers share a rootfs; one moves the other's /proc away while that is set up."""
    def change(document, rootfs):
        without_own_cgroup(document)
        (rootfs / "empty").mkdir()

    def look(name):
        at = stage.jail.path(f"/proc/{stage.pid(name)}")
        mounts = {line.split()[4] for line in (at / "mountinfo").read_text().splitlines()}
        names = {m.removeprefix(top) for m in mounts for top in ("/proc", "/empty")}
        assert set(GUARDED) <= names, f"{name}: {sorted(mounts)}"
    bundle = stage.bundle("true", change=change)
    rootfs = bundle / "rootfs"
    (rootfs / "empty/marks-it").mkdir()
    stage.spawn([stage.attacker, "swap", rootfs / "proc", rootfs / "empty"])
    wait_until(lambda: (rootfs / "proc/marks-it").exists(), SECONDS, "they are exchanged")
    start_many(stage, bundle, look)


def test_writes_reach_the_kernel_while_proc_is_exchanged_cve_2025_52881(stage):
    def change(document, rootfs):
        without_own_cgroup(document)
        document["process"]["oomScoreAdj"] = 77
        document["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
        document["linux"] |= {"maskedPaths": [], "readonlyPaths": []}
        for name in ("self/oom_score_adj", "sys/net/ipv4/ip_forward"):
            (rootfs / "fake" / name).parent.mkdir(parents=True)
            (rootfs / "fake" / name).write_text("fake\n")

    def look(name):
        at = stage.jail.path(f"/proc/{stage.pid(name)}")
        assert (at / "oom_score_adj").read_text() == "77\n"
    bundle = stage.bundle("true", change=change)
    rootfs = bundle / "rootfs"
    attack = stage.spawn([stage.attacker, "swap", rootfs / "proc", rootfs / "fake"])
    wait_until(lambda: (rootfs / "proc/self").exists(), SECONDS, "they are exchanged")
    assert start_many(stage, bundle, look) == STARTS
    attack.kill()
    attack.wait()
    fakes = {p.read_text() for p in rootfs.glob("*/self/oom_score_adj")}
    assert fakes == {"fake\n"}


def test_masks_are_the_null_device_while_it_is_exchanged_cve_2025_31133(stage):
    volume = stage.directory / "dev"
    volume.mkdir()
    os.mknod(volume / "null", 0o20666, os.makedev(1, 3))
    (volume / "other").symlink_to("/proc/sys/kernel/core_pattern")

    def change(document, _rootfs):
        without_own_cgroup(document)
        keep = [m for m in document["mounts"] if not m["destination"].startswith("/dev")]
        document["mounts"] = keep + [bind(volume, "/dev")]

    def look(name):
        keys = stage.jail.path(f"/proc/{stage.pid(name)}/root/proc/keys")
        assert os.stat(keys).st_rdev == os.makedev(1, 3)
    swap(stage, volume / "null", volume / "other")
    assert start_many(stage, stage.bundle("true", change=change), look) == STARTS


def test_a_console_that_becomes_a_link_covers_nothing_of_proc_cve_2025_52565(stage):
    volume = stage.directory / "dev"
    (volume / "pts").mkdir(parents=True)
    (volume / "console").write_text("")
    (volume / "other").symlink_to("/proc/sys/kernel/core_pattern")

    def change(document, _rootfs):
        keep = [m for m in document["mounts"] if m["destination"] not in
                ("/dev", "/dev/shm", "/dev/mqueue")]
        at = [m["destination"] for m in keep].index("/dev/pts")
        document["mounts"] = keep[:at] + [bind(volume, "/dev")] + keep[at:]
        document["process"]["terminal"] = True
    bundle = stage.bundle("echo mounts: $(grep -c core_pattern /proc/self/mountinfo); "
                          "echo x >/proc/sys/kernel/core_pattern", change=change)
    swap(stage, volume / "console", volume / "other")
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    ran = 0
    for _ in range(STARTS // 2):
        done = stage("run", "--bundle", bundle, stage.new_id(), prefix=ON_TERMINAL)
        if "anchor-runc run failed" in done.stdout:
            assert "/dev/console" in done.stdout
            continue
        ran += 1
        assert "mounts: 0" in done.stdout, done.stdout
        assert "Read-only file system" in done.stdout
    assert ran > 0, done.stdout
    assert Path("/proc/sys/kernel/core_pattern").read_text() == pattern


def test_a_configuration_that_changes_is_read_once(stage):
    """What is remembered of a container is what it was made from."""
    bundle = stage.bundle("/attacker", "rest", "first", change=lambda d, _: without_own_cgroup(d))
    text = (bundle / "config.json").read_text()
    (bundle / "other.json").write_text(text.replace("first", "second") + " " * 100000)
    stage.spawn([stage.attacker, "swap", bundle / "config.json", bundle / "other.json"])
    seen = set()

    def look(name):
        stage.ok("start", name)
        at = stage.jail.path(f"/proc/{stage.pid(name)}/cmdline")
        kept = json.loads((stage.root / name / "config.json").read_text())["process"]["args"]
        wait_until(lambda: b"rest" in at.read_bytes(), SECONDS, "it is executed")
        assert at.read_bytes().decode().split("\0")[:-1] == kept
        seen.add(kept[-1])
    assert start_many(stage, bundle, look) == STARTS
    assert seen == {"first", "second"}
