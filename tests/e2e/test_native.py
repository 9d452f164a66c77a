# SPDX-License-Identifier: Apache-2.0
"""Our own work against the tool's: the same trees, and the tool where ours would differ.

The tool is run when its digest isn't known, so a comment at the end of it is the switch. The
root of trixie is made with one (support/roots.py).
"""
import hashlib
import json

import pytest

from support import rootfs

TOOL = "/usr/sbin/update-ca-certificates"
MAKE_KNOWN = {"bookworm-ca": "true", "trixie-ca": f"sed -i '$d' {TOOL}"}
STORE = "/etc/ssl/certs"
LOCAL = "/usr/local/share/ca-certificates"

# All that the stores hold, as text: type, mode, owner, size, name and link text; content.
PICTURE = f"""cd {STORE} && find . ! -name . -printf '%y %m %U:%G %s %p -> %l\\n' | sort &&
cat ca-certificates.crt | sha256sum && find {LOCAL} -printf '%y %m %U:%G %s %p\\n' | sort"""

# What images do before; each is followed by the tool itself, so that it is settled.
HISTORIES = {
    "as it is": "true",
    "a certificate of its own": f"cp /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt /tmp/x;"
                                "rm /etc/ssl/certs/ISRG_Root_X1.pem;"
                                "sed -i '/ISRG_Root_X1/d' /etc/ca-certificates.conf;"
                                f"mv /tmp/x {LOCAL}/zz-own.crt",
    "one before ours in the order": f"cp /usr/share/ca-certificates/mozilla/ISRG_Root_X2.crt "
                                    f"{LOCAL}/AA-own.crt;"
                                    "sed -i '/ISRG_Root_X2/d' /etc/ca-certificates.conf;"
                                    "rm /etc/ssl/certs/ISRG_Root_X2.pem",
    "an odd name": f"cp /usr/share/ca-certificates/mozilla/ISRG_Root_X2.crt "
                   f"'{LOCAL}/an (odd), name.crt';"
                   "sed -i '/ISRG_Root_X2/d' /etc/ca-certificates.conf;"
                   "rm /etc/ssl/certs/ISRG_Root_X2.pem",
    "no newline at the end": f"head -c -1 /usr/share/ca-certificates/mozilla/ISRG_Root_X2.crt > "
                             f"{LOCAL}/cut.crt;"
                             "sed -i '/ISRG_Root_X2/d' /etc/ca-certificates.conf;"
                             "rm /etc/ssl/certs/ISRG_Root_X2.pem",
    "carriage returns": f"sed 's/$/\\r/' /usr/share/ca-certificates/mozilla/ISRG_Root_X2.crt > "
                        f"{LOCAL}/crlf.crt;"
                        "sed -i '/ISRG_Root_X2/d' /etc/ca-certificates.conf;"
                        "rm /etc/ssl/certs/ISRG_Root_X2.pem",
    "one deselected": "sed -i 's/^\\(.*ISRG_Root_X1.*\\)$/!\\1/' /etc/ca-certificates.conf",
    "one listed that is missing": "rm /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt "
                                  f"{STORE}/ISRG_Root_X1.pem {STORE}/4042bcee.0",
    "a file without certificates": f"echo nothing > {LOCAL}/README",
    "a fresh run": "update-ca-certificates --fresh",
}

# States in which the tool would do more than add ours: the guard's words.
GUARDS = {
    "another version": (f"echo '#' >> {TOOL}", "isn't known"),
    "a hook": ("printf '#!/bin/sh\\n' > /etc/ca-certificates/update.d/own;"
               "chmod +x /etc/ca-certificates/update.d/own", "the hook"),
    "no openssl": ("rm /usr/bin/openssl", "no openssl"),
    "restorecon": ("ln -s /bin/true /sbin/restorecon", "restorecon"),
    "a new source": (f"cp /usr/share/ca-certificates/mozilla/ISRG_Root_X2.crt {LOCAL}/x.crt",
                     "is not linked"),
    "a changed source": ("echo >> /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt",
                         "newer than its hash link"),
    "a source that is gone": ("rm /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt",
                              "leads nowhere"),
    "a changed configuration": ("sed -i '/ISRG_Root_X1/d' /etc/ca-certificates.conf",
                                "not what the tool would make"),
    "one to be deselected": ("sed -i 's/^\\(.*ISRG_Root_X1.*\\)$/!\\1/' /etc/ca-certificates.conf",
                             "removes"),
    "no configuration": ("rm /etc/ca-certificates.conf", "can't be read"),
    "an edited bundle": (f"echo >> {STORE}/ca-certificates.crt", "not what the tool would make"),
    "a bundle that is a link": (f"mv {STORE}/ca-certificates.crt /tmp/b;"
                                f"ln -s /tmp/b {STORE}/ca-certificates.crt", "out of the ordinary"),
    "a stale bundle": (f"touch {STORE}/ca-certificates.crt.new", "out of the ordinary"),
    "a link that leads nowhere": (f"ln -s /nowhere {STORE}/x", "leads nowhere"),
    "a certificate without a hash": (f"rm {STORE}/4042bcee.0", "hash link"),
    "a foreign certificate": (f"cp /usr/share/ca-certificates/mozilla/ISRG_Root_X2.crt "
                              f"{STORE}/own.pem", "hash link"),
    "a gap in the numbers": (f"mv {STORE}/4042bcee.0 {STORE}/4042bcee.1", "out of the ordinary"),
    "a list of revocations": (f"ln -s x {STORE}/4042bcee.r0", "out of the ordinary"),
    "a directory of links": (f"mkdir {STORE}/d && ln -s x {STORE}/d/x", "out of the ordinary"),
    "a set-group-ID directory": (f"chmod g+s {STORE}", "out of the ordinary"),
    "sources in a directory": (f"mkdir {LOCAL}/d", "out of the ordinary"),
    "a source that is a link": (f"ln -s /usr/share/ca-certificates/mozilla/ISRG_Root_X2.crt "
                                f"{LOCAL}/x.crt", "out of the ordinary"),
    "an authority that is there": (f"printf %s \"$OURS\" > {LOCAL}/x.crt; update-ca-certificates",
                                   "subject hash"),
}


def change(daemon, root, script, ours=""):
    done = daemon.ctl("run", *root.options, "--ca", "off", "--env", f"OURS={ours}", "sh", "-ec",
                      script)
    assert done.returncode == 0, done.stderr


def picture(daemon, root):
    done = daemon.ctl("run", *root.options, "--ca", "require", "sh", "-ec", PICTURE)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def native_of(daemon, root):
    """What the plan says of itself."""
    done = daemon.ctl("explain", "--json", *root.options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["native"]


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("name", MAKE_KNOWN)
def test_our_work_is_that_of_the_tool(daemon, operator, make_rootfs, name, history):
    root = make_rootfs(name, "overlay")
    change(daemon, root, f"{HISTORIES[history]}; {MAKE_KNOWN[name]}; {TOOL} 2>&1")
    assert "tool" in native_of(daemon, root), native_of(daemon, root)
    ours = picture(daemon, root)
    change(daemon, root, f"echo '#' >> {TOOL}")
    assert "declined" in native_of(daemon, root)
    tools = picture(daemon, root)
    assert ours == tools
    name = f"anchord-{hashlib.sha256(operator.der).hexdigest()[:16]}"
    assert sum(name in line for line in ours) == 3  # drop-in file, link, hash link


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_sends_it_to_the_tool(daemon, operator, make_rootfs, guard):
    script, words = GUARDS[guard]
    root = make_rootfs("bookworm-ca", "overlay")
    change(daemon, root, script, ours=operator.pem)
    assert words in native_of(daemon, root).get("declined", "nothing declined")


@pytest.mark.parametrize("how", rootfs.HOW)
@pytest.mark.parametrize("name,native", [("bookworm-ca", "tool"), ("trixie-ca", "declined")])
def test_nothing_is_left_of_either(daemon, operator, make_rootfs, name, native, how):
    root = make_rootfs(name, how)
    assert native in native_of(daemon, root)
    picture(daemon, root)
    root.assert_untouched()
    root.assert_nothing_of(operator)


def test_the_receipt_names_the_version_and_each_store(daemon, make_rootfs, tmp_path):
    root = make_rootfs("bookworm-ca", "overlay")
    receipt = tmp_path / "receipt"
    done = daemon.ctl("run", *root.options, f"--receipt={receipt}", "true")
    assert done.returncode == 0, done.stderr
    found = json.loads(receipt.read_text())["trust"]
    assert found["native"] == {"tool": "20230311+deb12u1"}
    strategies = {(s["store"], s["strategy"]) for s in found["stores"]}
    assert strategies == {("drop-in", "drop-in"), ("hash-link", "native"), ("bundle", "native")}
    assert "helper" not in found
