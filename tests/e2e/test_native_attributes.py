# SPDX-License-Identifier: Apache-2.0
"""What text doesn't show: attributes of the outputs and of their directories, and mount points.

Where the tool's outputs would get other attributes than ours, it is left to the tool; where it is
native, a process sees what it would see after the tool.
"""
import contextlib
import json
import os
import struct
import subprocess

import pytest

from support import imitations, manifest
from support.rootfs import BUNDLES

DEBIAN, RHEL, SUSE = "bookworm-ca", "bookworm-rhel", "bookworm-suse"
TOOLS = {DEBIAN: "/usr/sbin/update-ca-certificates", RHEL: imitations.RHEL_TOOL,
         SUSE: imitations.SUSE_TOOL}
CERTS = "/etc/ssl/certs"
EXTRACTED, STATE = imitations.EXTRACTED, imitations.SUSE_STATE

# user::rwx, user:1000:rwx, group::r-x, mask::rwx, other::r-x as the kernel keeps it.
NOBODY = 0xffffffff
ACL = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in (
    (1, 7, NOBODY), (2, 7, 1000), (4, 5, NOBODY), (16, 7, NOBODY), (32, 5, NOBODY)))
DEFAULT, ACCESS = "system.posix_acl_default", "system.posix_acl_access"

# Who has which attribute; what the plan says of it, "tool" if it is native.
ATTRIBUTES = {
    "Debian's directory, a default ACL": (DEBIAN, CERTS, DEFAULT, "has a default ACL"),
    "Debian's bundle, an ACL": (DEBIAN, BUNDLES[DEBIAN], ACCESS, "tool"),
    "Debian's bundle, one of the user's": (DEBIAN, BUNDLES[DEBIAN], "user.x", "tool"),
    "Red Hat's directory, a default ACL": (RHEL, f"{EXTRACTED}/pem", DEFAULT, "default ACL"),
    "Red Hat's keystore's, a default ACL": (RHEL, f"{EXTRACTED}/java", DEFAULT, "default ACL"),
    "Red Hat's hashed one, a default ACL": (RHEL, f"{EXTRACTED}/pem/directory-hash", DEFAULT,
                                            "default ACL"),
    "Red Hat's bundle, one of the user's": (RHEL, BUNDLES[RHEL], "user.x", "tool"),
    "SUSE's directory, a default ACL": (SUSE, STATE, DEFAULT, "default ACL"),
    "SUSE's hashed one, a default ACL": (SUSE, f"{STATE}/pem", DEFAULT, "default ACL"),
    "SUSE's bundle, one of the user's": (SUSE, BUNDLES[SUSE], "user.x", "tool"),
}

PICTURE = f"""cd {CERTS}; find . ! -name . -printf '%y %m %U:%G %s %p -> %l\\n' | sort
sha256sum ca-certificates.crt"""

# A copy of it is mounted there.
MOUNTS = {
    "Debian's bundle": (DEBIAN, BUNDLES[DEBIAN], "out of the ordinary"),
    "Red Hat's bundle": (RHEL, BUNDLES[RHEL], "out of the ordinary"),
    "Red Hat's keystore": (RHEL, f"{EXTRACTED}/java/cacerts", "out of the ordinary"),
    "Red Hat's hashed directory": (RHEL, f"{EXTRACTED}/pem/directory-hash", "out of the ordinary"),
    "SUSE's bundle": (SUSE, BUNDLES[SUSE], "out of the ordinary"),
    "SUSE's hashed directory": (SUSE, f"{STATE}/openssl", "out of the ordinary"),
}


def change(daemon, root, script):
    done = daemon.ctl("run", *root.options, "--ca", "off", "sh", "-ec", script)
    assert done.returncode == 0, done.stderr


def native_of(daemon, root, *options):
    done = daemon.ctl("explain", "--json", *root.options, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["native"]


@contextlib.contextmanager
def running(daemon, root):
    run = daemon.spawn("run", *root.options, "--ca", "require", "sh", "-c", "echo; read x",
                       stdin=subprocess.PIPE)
    try:
        assert run.stdout.readline() == "\n", run.stderr.read()
        yield
    finally:
        run.communicate("\n", timeout=60)
    assert run.returncode == 0


def seen(root) -> dict:
    """The upper but for what overlayfs keeps there for itself."""
    return {path: e._replace(xattrs=tuple(x for x in e.xattrs
                                          if not x[0].startswith("trusted.overlay.")))
            for path, e in root.manifest().items()}


def attributes(root) -> dict:
    return {path: e.xattrs for path, e in seen(root).items() if e.xattrs}


def give(daemon, root, path, attribute):
    change(daemon, root, f"touch -r {path} {path}")  # then the upper has it
    os.setxattr(root.path(path), attribute, b"1" if attribute == "user.x" else ACL)


@pytest.mark.parametrize("case", ATTRIBUTES)
def test_outputs_have_the_attributes_that_the_tool_gives_them(daemon, make_rootfs, case):
    name, path, attribute, words = ATTRIBUTES[case]
    root = make_rootfs(name, "overlay")
    give(daemon, root, path, attribute)
    before = seen(root)
    native = native_of(daemon, root)
    if words != "tool":
        assert words in native.get("declined", "nothing declined")
        return
    assert "tool" in native, native
    with running(daemon, root):
        ours = attributes(root)
    difference = manifest.differences(before, seen(root))
    assert not difference, "\n".join(difference)
    change(daemon, root, f"echo '#' >> {TOOLS[name]}")
    with running(daemon, root):
        assert attributes(root) == ours


def mounted_copy(root, path, copy) -> tuple:
    lower = root.options[1].split(",")[0].removeprefix("lower=")
    subprocess.run(["cp", "-a", f"{lower}{path}", copy], check=True)
    return "--mount", f"type=bind,source={copy},destination={path}"


@pytest.mark.parametrize("case", MOUNTS)
def test_an_output_that_is_mounted_is_left_to_the_tool(daemon, make_rootfs, tmp_path, case):
    name, path, words = MOUNTS[case]
    root = make_rootfs(name, "overlay")
    native = native_of(daemon, root, *mounted_copy(root, path, tmp_path / "copy"))
    assert words in native.get("declined", "nothing declined")


def test_a_mount_on_debians_directory_gets_what_the_tool_writes(daemon, make_rootfs, tmp_path):
    root, copy = make_rootfs(DEBIAN, "overlay"), tmp_path / "copy"
    mount = mounted_copy(root, CERTS, copy)
    before = manifest.read(copy)
    pictures = []
    for native in ("tool", "declined"):
        assert native in native_of(daemon, root, *mount)
        done = daemon.ctl("run", *root.options, *mount, "--ca", "require", "sh", "-ec", PICTURE)
        assert done.returncode == 0, done.stderr
        pictures.append(done.stdout.splitlines())
        difference = manifest.differences(before, manifest.read(copy))
        assert not difference, "\n".join(difference)
        change(daemon, root, f"echo '#' >> {TOOLS[DEBIAN]}")
    assert pictures[0] == pictures[1]
    assert sum("anchord-" in line for line in pictures[0]) == 2  # link, hash link
