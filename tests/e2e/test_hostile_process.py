# SPDX-License-Identifier: Apache-2.0
"""User processes that meddle with the trust stores, and the law they are judged by:

    (install; E; undo) = E alone, as whole trees with metadata.

Each E runs twice from the same start: without authorities (E alone) and with them. Times that
E itself set can't agree between two runs; everything else must.
"""
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from support import manifest

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
DROP_IN = "/usr/local/share/ca-certificates"


@dataclass(frozen=True)
class Process:
    name: str
    script: str               # for sh -ec; @OWN@ and @SAME@ are PEM texts, @VICTIM@ a host path
    needs_tool: bool = False  # only where ca-certificates is installed
    keeps_authority: bool = False  # the process put the operator's certificate there itself


# fmt: off
PROCESSES = [
    Process("adds_its_own_ca_with_the_tool", f"""
        mkdir -p {DROP_IN}; echo '@OWN@' > {DROP_IN}/own.crt; update-ca-certificates""",
            needs_tool=True),
    Process("adds_its_own_ca_to_the_bundle", f"""
        mkdir -p /etc/ssl/certs; echo '@OWN@' >> {BUNDLE}"""),
    Process("adds_the_very_same_ca_with_the_tool", f"""
        mkdir -p {DROP_IN}; echo '@SAME@' > {DROP_IN}/mine.crt; update-ca-certificates""",
            needs_tool=True, keeps_authority=True),
    Process("adds_the_very_same_ca_sorted_before_ours", f"""
        mkdir -p {DROP_IN}; echo '@SAME@' > {DROP_IN}/a.crt; update-ca-certificates""",
            needs_tool=True, keeps_authority=True),
    Process("runs_the_tool_afresh", "update-ca-certificates --fresh", needs_tool=True),
    Process("deletes_the_bundle", f"rm -f {BUNDLE}"),
    Process("replaces_the_bundle_by_a_link_out_of_the_rootfs", f"""
        mkdir -p /etc/ssl/certs; ln -sfn @VICTIM@ {BUNDLE}"""),
    Process("replaces_the_bundle_by_a_relative_link_out_of_the_rootfs", f"""
        mkdir -p /etc/ssl/certs
        ln -sfn ../../../../../../../../../../../..@VICTIM@ {BUNDLE}"""),
    Process("replaces_the_certs_directory_by_a_link_out_of_the_rootfs", """
        rm -rf /etc/ssl/certs; mkdir -p /etc/ssl; ln -s @VICTIM@.d /etc/ssl/certs"""),
    Process("replaces_the_bundle_by_a_fifo", f"""
        mkdir -p /etc/ssl/certs; rm -f {BUNDLE}; mkfifo {BUNDLE}"""),
    Process("replaces_the_bundle_by_a_directory", f"""
        rm -f {BUNDLE}; mkdir -p {BUNDLE}; echo mine > {BUNDLE}/file"""),
    Process("deletes_etc_ssl", "rm -rf /etc/ssl"),
    Process("deletes_the_drop_in_directory", f"rm -rf {DROP_IN}"),
    Process("creates_files_in_directories_that_we_made", f"""
        mkdir -p {DROP_IN}/sub /etc/ssl/certs
        echo mine > {DROP_IN}/mine.txt; echo mine > {DROP_IN}/sub/mine.txt
        echo mine > /etc/ssl/certs/mine.txt"""),
    Process("changes_mode_and_owner_of_the_bundle", f"chmod 600 {BUNDLE}; chown 33:33 {BUNDLE}",
            needs_tool=True),
    Process("changes_mode_and_owner_of_our_directories", f"""
        mkdir -p {DROP_IN} /etc/ssl/certs; chmod 700 {DROP_IN} /etc/ssl/certs
        chown 33:33 {DROP_IN}""", needs_tool=True),
    Process("writes_the_bundle_anew_with_the_same_bytes", f"""
        cp {BUNDLE} /tmp/x; cat /tmp/x > {BUNDLE}; rm /tmp/x""", needs_tool=True),
    Process("renames_the_bundle_over_itself_as_a_hard_link", f"""
        ln {BUNDLE} /etc/ssl/hard; ln -f /etc/ssl/hard {BUNDLE}; rm /etc/ssl/hard""",
            needs_tool=True),
    Process("leaves_a_background_process", """
        (exec >/dev/null 2>&1 </dev/null; sleep 1000) &"""),
]
# fmt: on

# Those that test_law.py doesn't go over.
ROOTS = [("bookworm-ca", "bind"), ("trixie-ca", "overlay")]
CASES = [(process, *root) for root in ROOTS for process in PROCESSES
         if not process.needs_tool or root[0].endswith("-ca")]

# What overlayfs notes for itself on directories that were copied up; it differs with the order
# of operations and changes nothing that a process can see.
OVERLAY_NOTES = ("trusted.overlay.impure", "trusted.overlay.origin")


def visible(tree: dict) -> dict:
    return {path: e._replace(xattrs=tuple(x for x in e.xattrs if x[0] not in OVERLAY_NOTES))
            for path, e in tree.items()}


@pytest.fixture
def victim(workspace):
    """A file and a directory of the host that no process of a container may reach."""
    file, directory = workspace / "victim", workspace / "victim.d"
    file.write_text("untouched\n")
    directory.mkdir(exist_ok=True)
    (directory / "ca-certificates.crt").write_text("untouched\n")
    before = manifest.entry(str(file)), manifest.read(directory)
    yield file
    assert (manifest.entry(str(file)), manifest.read(directory)) == before


@pytest.mark.parametrize("process,name,how", CASES,
                         ids=[f"{p.name}-{name}-{how}" for p, name, how in CASES])
def test_a_process_that(daemon, operator, stranger, victim, make_rootfs, process, name, how):
    script = (process.script.replace("@OWN@", stranger.pem.strip())
              .replace("@SAME@", operator.pem.strip()).replace("@VICTIM@", str(victim)))
    alone, with_ours = make_rootfs(name, how), make_rootfs(name, how)

    def run(root, trust):
        return daemon.ctl("run", *root.options, "--ca", trust, "sh", "-ec", script)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, (alone, with_ours), ("off", "require")))

    for done in results:
        assert done.returncode == 0, done.stdout + done.stderr
    expected, actual = alone.manifest(), with_ours.manifest()
    difference = manifest.differences(visible(expected), visible(actual),
                                      ignore_mtime=alone.own_times(expected))
    assert not difference, "\n".join(difference)
    if not process.keeps_authority:
        with_ours.assert_nothing_of(operator)


def test_the_null_device_of_the_host_is_not_the_containers(daemon, make_rootfs):
    """A process may change what its descriptors lead to; root may even if it can't be written."""
    root = make_rootfs("bookworm-minbase", "overlay")
    before = os.stat("/dev/null")
    try:
        done = subprocess.run(
            daemon.argv(
                "run", *root.options, "sh", "-c",
                "chmod 0640 /proc/self/fd/0; chown 33:33 /proc/self/fd/1 /proc/self/fd/2; "
                "chmod 0604 /dev/null; exec > /result; stat -c %t:%T:%a /dev/null"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=60)
        after = os.stat("/dev/null")
    finally:
        os.chmod("/dev/null", stat.S_IMODE(before.st_mode))
        os.chown("/dev/null", before.st_uid, before.st_gid)
    assert done.returncode == 0
    assert (root.tree / "result").read_text() == "1:3:604\n"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid,
                                                           before.st_gid)
