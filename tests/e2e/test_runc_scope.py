# SPDX-License-Identifier: Apache-2.0
"""anchord-scope, the program that anchor-runc has talk to systemd, where it isn't as it should be.

What it does with a systemd is shown in the virtual machine (tests/vm).
"""
import shutil
import subprocess

import pytest

from support.attack_fixtures import jail, stage  # noqa: F401
from support.daemon import BIN


def script(text):
    def make(path):
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
    return make


HELPERS = {
    "missing": (lambda path: None, "libexec/anchord/anchord-scope': no such file or directory"),
    "no program": (script(""), "anchord-scope has died, or is of another version"),
    "dies": (script("kill -9 $$"), "anchord-scope has died, or is of another version"),
    "says nothing": (script("head -c 9 >&0"), "anchord-scope has died, or is of another version"),
}


@pytest.mark.parametrize("kind", HELPERS)
def test_the_systemd_driver_says_what_it_needs_and_leaves_nothing(stage, kind):
    make, message = HELPERS[kind]
    programs = stage.directory / "bin"
    programs.mkdir()
    shutil.copy(stage.binary, programs)
    make(programs / "anchord-scope")
    stage.binary = programs / "anchor-runc"

    def change(document, _rootfs):
        document["linux"]["cgroupsPath"] = "a.slice:x:y"
    bundle = stage.bundle("true", change=change)
    done = stage("--systemd-cgroup", "run", "--bundle", bundle, stage.new_id())
    assert done.returncode == 1
    assert message in done.stderr
    assert list(stage.root.iterdir()) == []


def test_without_a_systemd_it_is_said_that_there_is_none(stage):
    def change(document, _rootfs):
        document["linux"]["cgroupsPath"] = "a.slice:x:y"
    bundle = stage.bundle("true", change=change)
    done = stage("--systemd-cgroup", "run", "--bundle", bundle, stage.new_id())
    assert done.returncode == 1
    assert "no systemd can be reached" in done.stderr


@pytest.mark.parametrize("words", [[], ["--help"], ["start"]])
def test_by_hand_it_is_of_no_use_and_says_so(words):
    done = subprocess.run([BIN / "anchord-scope", *words], input="x" * 100000, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 2
    assert "anchor-runc" in done.stderr
