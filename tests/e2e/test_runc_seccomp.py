# SPDX-License-Identifier: Apache-2.0
"""Filters of containers one after the other: of rules that are known only the program is taken."""
import os

from support.attack_fixtures import jail, stage  # noqa: F401

ENOSPC, EROFS = 28, 30


def refusing(errno):
    def change(document, _rootfs):
        document["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
                          "errnoRet": errno}]}
    return change


def test_each_container_has_the_filter_of_its_own_document(stage):
    for errno in (ENOSPC, ENOSPC, EROFS, ENOSPC, EROFS):
        done = stage.run("mkdir /tmp/made || grep Seccomp: /proc/self/status",
                         change=refusing(errno))
        assert os.strerror(errno) in done.stdout + done.stderr
        assert "Seccomp:\t2" in done.stdout
    done = stage.run("mkdir /tmp/made && echo it is")
    assert done.stdout == "it is\n"


def test_a_known_filter_is_kept_for_processes_that_join_too(stage):
    name = stage.create("sleep 60", change=refusing(EROFS))
    stage.ok("start", name)
    for _ in range(2):
        done = stage("exec", name, "mkdir", "/tmp/made")
        assert os.strerror(EROFS) in done.stderr
