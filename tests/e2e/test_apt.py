# SPDX-License-Identifier: Apache-2.0
"""The process installs ca-certificates with apt in the exec that it then uses it in.

Two such runs differ in more than the authority: NOISE names what differs in content, and the
times of everything that apt, dpkg and the maintainer scripts wrote differ too. Both are
measured: the process runs twice without authorities, and what NOISE names must cover what
these two runs disagree about. The run with authorities is held to all the rest.
"""
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import manifest, pki, rootfs

NOISE = {
    "var/cache/apt/pkgcache.bin",        # memory images of apt's, laid out as they came about
    "var/cache/apt/srcpkgcache.bin",
    "var/cache/ldconfig/aux-cache",      # inode numbers and times of libraries
    "var/log/alternatives.log",          # a time in each line
    "var/log/apt/eipp.log.xz",           # the order in which apt thought of packages
    "var/log/apt/history.log",           # a time in each line
    "var/log/apt/term.log",              # a time in each line
    "var/log/dpkg.log",                  # a time in each line
}
# What update-ca-certificates prints is in apt's log of the terminal, and counts our drop-in:
# "1 added" more. It is in term.log, which is noise already.

INSTALL = """
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update && apt-get -qq -y install ca-certificates curl >/dev/null
curl -sS {url}
"""
RESOLVER = ("--mount", "type=bind,source=/etc/resolv.conf,destination=/etc/resolv.conf,ro")


# Where no directory is, dpkg renames one of its own into place and overlayfs marks it opaque.
# The one that we had made was there already. Nothing lies below it, so the mark says nothing.
ADOPTED = {"etc/ssl"}


def without_marks(tree: dict) -> dict:
    return {path: e._replace(xattrs=tuple(x for x in e.xattrs if x[0] != "trusted.overlay.opaque"))
            if path in ADOPTED else e for path, e in tree.items()}


def content(tree: dict) -> dict:
    return {path: e._replace(mtime_ns=0) for path, e in tree.items()}


@pytest.mark.slow
@pytest.mark.parametrize("how", rootfs.HOW)
def test_a_process_that_installs_ca_certificates_with_apt_trusts_at_once_and_leaves_no_trace(
        daemon, server, operator, make_rootfs, how):
    alone, again, with_ours = (make_rootfs("bookworm-minbase", how) for _ in range(3))

    def run(root, trust):
        return daemon.ctl("run", *root.options, *RESOLVER, "--ca", trust, "sh", "-c",
                          INSTALL.format(url=server.url), timeout=300)

    with ThreadPoolExecutor(3) as pool:
        *without, done = pool.map(run, (alone, again, with_ours), ("off", "off", "require"))

    for refused in without:
        assert refused.returncode == 60, refused.stdout + refused.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(f"{pki.GREETING}\n")

    with_ours.assert_nothing_of(operator)
    first, second, third = (without_marks(root.manifest()) for root in (alone, again, with_ours))
    unnamed = manifest.differences(content(first), content(second), ignore=NOISE)
    assert not unnamed, "two runs without us differ in more than NOISE:\n" + "\n".join(unnamed)
    difference = manifest.differences(first, third, ignore=NOISE,
                                      ignore_mtime=alone.own_times(first))
    assert not difference, "\n".join(difference)


@pytest.mark.slow
def test_a_process_that_reinstalls_ca_certificates_leaves_no_trace(daemon, server, operator,
                                                                   make_rootfs):
    root = make_rootfs("trixie-ca", "overlay")
    done = daemon.ctl(
        "run", *root.options, *RESOLVER, "--ca", "require", "sh", "-c",
        "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update &&"
        " apt-get -qq -y install --reinstall ca-certificates >/dev/null &&"
        f" curl -sS {server.url}", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(f"{pki.GREETING}\n")
    root.assert_nothing_of(operator)
