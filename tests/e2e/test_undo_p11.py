# SPDX-License-Identifier: Apache-2.0
"""User processes that run a p11-kit family's tool: (install; E; undo) = E alone.

SOURCE_DATE_EPOCH gives all keystores that a process makes the same times.
"""
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import imitations, manifest, pki
from test_hostile_process import visible

TOOL = {"bookworm-rhel": imitations.RHEL_TOOL, "trixie-rhel": imitations.RHEL_TOOL,
        "bookworm-suse": imitations.SUSE_TOOL}
ANCHORS = {"bookworm-rhel": "/etc/pki/ca-trust/source/anchors",
           "trixie-rhel": "/etc/pki/ca-trust/source/anchors",
           "bookworm-suse": "/etc/pki/trust/anchors"}
ROOTS = [("bookworm-rhel", "bind"), ("trixie-rhel", "overlay"), ("bookworm-suse", "overlay")]

# @OWN@ and @SAME@ are PEM texts of the user's.
PROCESSES = {
    "runs_the_tool": "@TOOL@",
    "runs_the_tool_twice": "@TOOL@; @TOOL@",
    "adds_an_anchor_and_runs_the_tool": "echo '@OWN@' > @ANCHORS@/own.pem; @TOOL@",
    "adds_a_hidden_anchor_and_runs_the_tool": "echo '@OWN@' > @ANCHORS@/.own.pem; @TOOL@",
    "adds_an_anchor_and_takes_it_away": """echo '@OWN@' > @ANCHORS@/own.pem; @TOOL@
        rm @ANCHORS@/own.pem; @TOOL@""",
    "blocks_a_root_and_runs_the_tool": """
        cp /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt @ANCHORS@/../blocklist/x.pem
        @TOOL@""",
    "removes_all_anchors": "rm -f @ANCHORS@/*; @TOOL@",
    "removes_the_stores": "rm -rf /etc/pki/ca-trust/extracted/pem /var/lib/ca-certificates/pem",
    "adds_the_very_same": "echo '@SAME@' > @ANCHORS@/mine.pem; @TOOL@",
    "adds_the_very_same_and_runs_no_tool": """echo '@SAME@' > @ANCHORS@/mine.pem
        for f in /etc/pki/ca-trust/extracted/java/cacerts /var/lib/ca-certificates/java-cacerts; do
            [ ! -e $f ] || touch -d @999 $f
        done""",
}
KEEPS = ("adds_the_very_same", "adds_the_very_same_and_runs_no_tool")


def judge(daemon, make_rootfs, name, how, script):
    alone, with_ours = make_rootfs(name, how), make_rootfs(name, how)

    def run(root, trust):
        return daemon.ctl("run", *root.options, "--ca", trust, "sh", "-ec",
                          "export SOURCE_DATE_EPOCH=1\n" + script)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, (alone, with_ours), ("off", "require")))
    for done in results:
        assert done.returncode == 0, done.stdout + done.stderr
    expected, actual = alone.manifest(), with_ours.manifest()
    difference = manifest.differences(visible(expected), visible(actual),
                                      ignore_mtime=alone.own_times(expected))
    assert not difference, "\n".join(difference)
    return with_ours


def fill(name, process, own, same):
    return (PROCESSES[process].replace("@TOOL@", TOOL[name]).replace("@ANCHORS@", ANCHORS[name])
            .replace("@OWN@", own.strip()).replace("@SAME@", same.strip()))


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("name,how", ROOTS)
def test_a_process_that(daemon, operator, stranger, make_rootfs, process, name, how):
    root = judge(daemon, make_rootfs, name, how,
                 fill(name, process, stranger.pem, operator.pem))
    if process not in KEEPS:
        root.assert_nothing_of(operator)


@pytest.mark.parametrize("process", ("runs_the_tool", "adds_an_anchor_and_runs_the_tool"))
@pytest.mark.parametrize("name,how", ROOTS)
def test_several_authorities_and_a_process_that(make_daemon_dirs, stranger, make_rootfs, tmp_path,
                                                process, name, how):
    several = [pki.Authority(tmp_path, n) for n in ("b", "a", "c")]
    daemon = make_daemon_dirs(several)
    try:
        daemon.start()
        root = judge(daemon, make_rootfs, name, how,
                     fill(name, process, stranger.pem, several[0].pem))
        for authority in several:
            root.assert_nothing_of(authority)
        daemon.finish()
    finally:
        daemon.destroy()


@pytest.mark.parametrize("process", ("runs_the_tool", "adds_an_anchor_and_runs_the_tool"))
def test_where_only_the_drop_in_file_was_installed_a_process_that(
        daemon, operator, stranger, make_rootfs, process):
    """The tool comes with the process, so nothing of what it makes is in a journal."""
    script = ("rm -rf /etc/pki/ca-trust/extracted/*/*; mv /usr/bin/update-ca-trust /root;"
              "find /etc/pki/tls/certs -name '*.[0-9]' -delete")
    base = [make_rootfs("trixie-rhel", "bind") for _ in range(2)]
    for root in base:
        assert daemon.ctl("run", *root.options, "--ca", "off", "sh", "-ec", script).returncode == 0
    roots = iter(base)
    with_ours = judge(daemon, lambda name, how: next(roots), "trixie-rhel", "bind",
                      "mv /root/update-ca-trust /usr/bin/;"
                      + fill("trixie-rhel", process, stranger.pem, operator.pem))
    with_ours.assert_nothing_of(operator)
