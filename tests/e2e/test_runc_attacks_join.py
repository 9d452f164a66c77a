# SPDX-License-Identifier: Apache-2.0
"""Processes of a container that attack the one that joins it, or waits beside them."""
import time

import pytest

from support.attack_fixtures import jail, stage  # noqa: F401
from support.attacks import SECRET, words

EXECS = 20


def with_ptrace(document, _rootfs):
    for names in document["process"]["capabilities"].values():
        names.append("CAP_SYS_PTRACE")


def watch(stage, change=None) -> str:
    """A container whose process looks at every other one that appears in it."""
    name = stage.start("/attacker", "watch", stage.canary, SECRET, change=change)
    stage.wait_for(name, "watching")
    return name


def join_often(stage, name: str):
    for i in range(EXECS):
        stage.ok("exec", name, "/bin/true")


def with_oom_score(document, _rootfs):
    document["process"]["oomScoreAdj"] = 100


@pytest.mark.parametrize("change", [None, with_oom_score], ids=["plain", "with writes to procfs"])
def test_who_joins_cannot_be_looked_into_cve_2016_9962_cve_2019_5736(stage, change):
    """Not dumpable, whatever it still holds: no descriptor, directory, memory or program."""
    name = watch(stage, change)
    join_often(stage, name)
    log = stage.log(name)
    assert words(log, "program") in ([], ["/usr/bin/true"])  # which the container may see
    assert "anchord-init" not in log and not words(log, "HOST") and not words(log, "UNMASKED")
    assert words(log, "SECRET") == []


@pytest.mark.parametrize("more", [None, with_oom_score], ids=["plain", "with writes to procfs"])
def test_with_ptrace_nothing_of_the_host_is_found_in_who_joins(stage, more):
    """CAP_SYS_PTRACE opens the process, not what it holds: that leads nowhere."""
    def change(document, rootfs):
        with_ptrace(document, rootfs)
        if more:
            more(document, rootfs)
    name = watch(stage, change)
    join_often(stage, name)
    log = stage.log(name)
    assert words(log, "memory"), "the attack has seen nothing"
    assert words(log, "HOST") == [] and words(log, "UNMASKED") == []
    assert words(log, "WRITTEN") == [] and words(log, "SECRET") == []


def sharing(stage, name: str):
    """The processes of another container, as those of a pod are shared."""
    path = f"/proc/{stage.pid(name)}/ns/pid"

    def change(document, _rootfs):
        document["process"]["oomScoreAdj"] = 100
        document["linux"]["namespaces"][0] = {"type": "pid", "path": path}
    return change


def test_who_waits_beside_others_cannot_be_looked_into(stage):
    watcher = watch(stage)
    for _ in range(EXECS // 2):
        stage.ok("start", stage.create("/attacker", "rest", change=sharing(stage, watcher)))
    log = stage.log(watcher)
    assert "anchord-init" not in log
    assert words(log, "HOST") == [] and words(log, "UNMASKED") == []


def test_with_ptrace_nothing_of_the_host_is_found_in_who_waits(stage):
    """All of the host is closed when it waits for its start, and so is a /proc without masks."""
    first = stage.start("/attacker", "rest")
    stage.create("/attacker", "rest", change=sharing(stage, first))
    with open(stage.directory / "watcher.log", "w") as log:
        stage.ok("exec", "--detach", "--cap", "CAP_SYS_PTRACE", first, "/attacker", "watch",
                 stage.canary, SECRET, capture_output=False, stdout=log, stderr=log)
    stage.wait_for("watcher", "memory of a process")
    time.sleep(0.2)  # it looks at all again
    said = stage.log("watcher")
    assert words(said, "program") == ["/memfd:anchord-init (deleted)"], said
    assert words(said, "HOST") == [] and words(said, "UNMASKED") == []
    assert words(said, "WRITTEN") == [] and words(said, "SECRET") == []
    assert words(said, "procfs") == []
