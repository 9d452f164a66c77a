# SPDX-License-Identifier: Apache-2.0
"""p11-kit's families: our own work against that of a script that runs the real p11-kit."""
import base64
import hashlib
import json
import struct

import pytest

from support import imitations, pki, rootfs

RHEL = ("bookworm-rhel", "trixie-rhel")
TOOLS = {"bookworm-rhel": imitations.RHEL_TOOL, "trixie-rhel": imitations.RHEL_TOOL,
         "bookworm-suse": imitations.SUSE_TOOL}
KEYSTORES = {"bookworm-rhel": f"{imitations.EXTRACTED}/java/cacerts",
             "trixie-rhel": f"{imitations.EXTRACTED}/java/cacerts",
             "bookworm-suse": f"{imitations.SUSE_STATE}/java-cacerts"}
ANCHORS = "/etc/pki/ca-trust/source/anchors"
SOURCE = "/usr/share/pki/ca-trust-source"
HASHED = f"{imitations.EXTRACTED}/pem/directory-hash"
STORES = "/etc/pki /etc/ssl /var/lib/ca-certificates /usr/share/pki"

# All that the stores hold, as text: type, mode, owner, size, name, link text; contents but those
# of the keystore, whose entries have the time of the run.
PICTURE = f"""find {STORES} -printf '%y %m %U:%G %p -> %l\\n' | sort
find {STORES} -type f ! -name '*cacerts' -exec sha256sum {{}} + | sort
base64 -w0 """


def generation(name):
    """The tool of another generation, and its store."""
    return f"""cp {imitations.RHEL_TOOL}.{name} {imitations.RHEL_TOOL}
rm -rf {HASHED}; find /etc/pki/tls/certs -name '????????.[0-9]' -delete; {imitations.RHEL_TOOL}"""


# What images do before; each ends in a run of the tool itself.
HISTORIES = {
    "as it is": "true",
    "G1": generation("G1"),
    "G1 with a fixed time": generation("'G1@1718214849'"),
    "G2": generation("G2"),
    "a plain bundle as source": f"""cat /usr/share/ca-certificates/mozilla/[A-E]*.crt \
        > {SOURCE}/anchors/x.pem
        rm {SOURCE}/ca-bundle.trust.p11-kit; {imitations.RHEL_TOOL}""",
    "two certificates of one name": f"""cd {SOURCE}; openssl req -x509 -newkey rsa:2048 -nodes \
        -keyout /dev/null -subj /CN=ACCVRAIZ1 -out /tmp/x -addext basicConstraints=critical,CA:TRUE
        printf '[p11-kit-object-v1]\ntrusted: true\n' >> ca-bundle.trust.p11-kit
        cat /tmp/x >> ca-bundle.trust.p11-kit; rm /tmp/x; {imitations.RHEL_TOOL}""",
}

# States in which the tool would do more than add ours, or other things: the guard's words.
GUARDS = {
    "another version": (f"echo '#' >> {imitations.RHEL_TOOL}", "isn't known"),
    "an anchor of its own": (f"cp /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt {ANCHORS}/x",
                             "is there"),
    "a hidden anchor": (f"touch {ANCHORS}/.x", "is there"),
    "a neutral source": (f"cp /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt {ANCHORS}/../x",
                         "a source of its own"),
    "something blocked": (f"touch {ANCHORS}/../blocklist/x", "is there"),
    "something blocked by an old name": (f"mkdir {ANCHORS}/../blacklist; "
                                         f"touch {ANCHORS}/../blacklist/x", "is there"),
    "the distribution blocks": (f"touch {SOURCE}/blocklist/x", "is there"),
    "a legacy bundle": ("cat /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt "
                        "> /usr/share/pki/ca-trust-legacy/ca-bundle.legacy.default.crt",
                        "a source of its own"),
    "a second source": (f"cp /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt {SOURCE}/anchors/",
                        "another source"),
    "a changed source": (f"sed -i 's/^trusted: true/trusted: false/' "
                         f"{SOURCE}/ca-bundle.trust.p11-kit", "older than its sources"),
    "a source with less": (f"sed -i '1,/END CERT/d' {SOURCE}/ca-bundle.trust.p11-kit; "
                           f"touch -d 2020-01-01 {SOURCE}/ca-bundle.trust.p11-kit",
                           "not what the tool would make"),
    "one that is no authority": (f"""cd {SOURCE}; openssl req -x509 -newkey rsa:2048 -nodes \
        -keyout /dev/null -subj /CN=leaf -out /tmp/x -addext basicConstraints=critical,CA:FALSE
        printf '[p11-kit-object-v1]\\ntrusted: true\\n' >> ca-bundle.trust.p11-kit
        cat /tmp/x >> ca-bundle.trust.p11-kit; rm /tmp/x; {imitations.RHEL_TOOL}""",
                                 "not what the tool would make"),
    "an authority that is there": (f"""cd {SOURCE}; {{ printf '[p11-kit-object-v1]\\ntrusted: true\\n'
        printf %s "$OURS"; }} >> ca-bundle.trust.p11-kit; {imitations.RHEL_TOOL}""", "already"),
    "one of its name": (f"""cd {SOURCE}; openssl req -x509 -newkey rsa:2048 -nodes \
        -keyout /dev/null -subj /CN=Operator -out /tmp/x -addext basicConstraints=critical,CA:TRUE
        printf '[p11-kit-object-v1]\\ntrusted: true\\n' >> ca-bundle.trust.p11-kit
        cat /tmp/x >> ca-bundle.trust.p11-kit; rm /tmp/x; {imitations.RHEL_TOOL}""", "already"),
    "a configuration": ("mkdir -p /etc/pkcs11; touch /etc/pkcs11/pkcs11.conf", "pkcs11.conf"),
    "a module of the administrator's": ("mkdir -p /etc/pkcs11/modules; "
                                        "touch /etc/pkcs11/modules/x.module", "is there"),
    "a module that is trusted": ("printf 'module: x.so\\ntrust-policy: yes\\n' "
                                 "> /usr/share/p11-kit/modules/x.module", "a source of cert"),
    "other paths": ("sed -i 's,/etc/pki/ca-trust/source,/srv,' "
                    "/usr/share/p11-kit/modules/p11-kit-trust.module", "other directories"),
    "no p11-kit": ("rm /usr/bin/trust", "has no '/usr/bin/trust'"),
    "a command of its own": ("touch /usr/local/bin/readlink", "not the system's"),
    "an edited bundle": (f"sed -i 1,30d {imitations.EXTRACTED}/pem/tls-ca-bundle.pem; "
                         f"chmod 444 {imitations.EXTRACTED}/pem/tls-ca-bundle.pem",
                         "not what the tool would make"),
    "a bundle without one": (f"sed -i '1,/^$/d' {imitations.EXTRACTED}/pem/email-ca-bundle.pem",
                             "not what the tool would make"),
    "a bundle with a line": (f"echo >> {imitations.EXTRACTED}/pem/objsign-ca-bundle.pem",
                             "not what the tool would make"),
    "another mode": (f"chmod 644 {imitations.EXTRACTED}/edk2/cacerts.bin", "out of the ordinary"),
    "a bundle that is a link": (f"cd {imitations.EXTRACTED}/pem; mv email-ca-bundle.pem x; "
                                "ln -s x email-ca-bundle.pem", "out of the ordinary"),
    "a missing bundle": (f"rm {imitations.EXTRACTED}/pem/email-ca-bundle.pem", "isn't there"),
    "a damaged keystore": (f"printf x >> {imitations.EXTRACTED}/java/cacerts", "would make"),
    "a keystore of another password": (
        f"cd {imitations.EXTRACTED}/java; head -c -20 cacerts > x; head -c 20 /dev/zero >> x; "
        "cat x > cacerts; rm x", "would make"),
    "a foreign file among the hashed": (f"touch {HASHED}/x", "out of the ordinary"),
    "a hashed file that is gone": (f"rm {HASHED}/ISRG_Root_X1.pem", "has not its file"),
    "a hashed file that was changed": (f"echo >> {HASHED}/ISRG_Root_X1.pem", "out of the ordinary"),
    "a hash link that is gone": (f"rm {HASHED}/4042bcee.0", "has not its file and two"),
    "a hash link too many": (f"ln -s ISRG_Root_X1.pem {HASHED}/4042bcee.1", "out of the ordinary"),
    "a link to a hashed file": ("ln -s x /etc/pki/tls/certs/01234567.0", "out of the ordinary"),
    "a link to one that is gone": ("rm /etc/pki/tls/certs/4042bcee.0", "out of the ordinary"),
    "a directory among the links": ("mkdir /etc/pki/tls/certs/d", "out of the ordinary"),
}

SUSE_GUARDS = {
    "another version": (f"echo '#' >> {imitations.SUSE_TOOL}", "isn't known"),
    "another hook": (f"touch {imitations.SUSE_HOOKS}/60own.run", "the hook"),
    "a hook of the administrator's": ("touch /etc/ca-certificates/update.d/80etc_ssl.run",
                                      "the hook"),
    "a hook that is gone": (f"rm {imitations.SUSE_HOOKS}/50java.run", "the hook"),
    "a hook of another version": (f"echo '#' >> {imitations.SUSE_HOOKS}/50java.run", "isn't known"),
    "another hook by that name": (f"cp {imitations.SUSE_HOOKS}/70openssl.run "
                                  f"{imitations.SUSE_HOOKS}/50java.run", "like another one"),
    "a directory for the link": ("rm /etc/ssl/certs; mkdir /etc/ssl/certs", "not the link"),
    "no link to the bundle": ("rm /etc/ssl/ca-bundle.pem", "isn't there"),
    "a transactional update": ("touch /etc/pki/trust/.updated", "is there"),
    "an anchor of its own": ("cp /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt "
                             "/etc/pki/trust/anchors/x", "is there"),
    "a head of other lines": (f"sed -i 1d {imitations.SUSE_STATE}/ca-bundle.pem",
                              "not what the tool would make"),
}


def entries(keystore: bytes) -> list:
    """(alias, DER) of a keystore, whose digest must be right."""
    body, digest = keystore[:-20], keystore[-20:]
    salted = "changeit".encode("utf-16-be") + b"Mighty Aphrodite" + body
    assert hashlib.sha1(salted).digest() == digest
    at, found = 12, []
    for _ in range(struct.unpack(">I", body[8:12])[0]):
        n = struct.unpack(">H", body[at + 4:at + 6])[0]
        alias, at = body[at + 6:at + 6 + n], at + 6 + n + 8 + 7
        n = struct.unpack(">I", body[at:at + 4])[0]
        found.append((alias, body[at + 4:at + 4 + n]))
        at += 4 + n
    assert at == len(body)
    return found


def dates(keystore: bytes) -> set:
    found, at = set(), 12
    for _ in range(struct.unpack(">I", keystore[8:12])[0]):
        at += 6 + struct.unpack(">H", keystore[at + 4:at + 6])[0]
        found.add(struct.unpack(">Q", keystore[at:at + 8])[0])
        at += 15
        at += 4 + struct.unpack(">I", keystore[at:at + 4])[0]
    return found


def change(daemon, root, script, ours=""):
    done = daemon.ctl("run", *root.options, "--ca", "off", "--env", f"OURS={ours}", "sh", "-ec",
                      script)
    assert done.returncode == 0, done.stderr


def picture(daemon, root, use=":"):
    """After a use: the lines that it printed and those of the stores, and the keystore."""
    script = f"({use}\n) 2>/dev/shm/errors; echo exit $?; cat /dev/shm/errors; set -e; {PICTURE}"
    done = daemon.ctl("run", *root.options, "--ca", "require", "sh", "-c",
                      script + KEYSTORES[root.name])
    assert done.returncode == 0, done.stderr
    *lines, keystore = done.stdout.splitlines()
    return lines, base64.b64decode(keystore)


def native_of(daemon, root):
    """What the plan says of itself."""
    done = daemon.ctl("explain", "--json", *root.options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["native"]


def compare(daemon, root, copy=None, use=":"):
    """The tool makes the same in that state, or in a copy if the use changes it."""
    assert "tool" in native_of(daemon, root), native_of(daemon, root)
    ours, our_keystore = picture(daemon, root, use)
    copy = copy or root
    change(daemon, copy, f"echo '#' >> {TOOLS[root.name]}")
    assert "declined" in native_of(daemon, copy)
    tools, tools_keystore = picture(daemon, copy, use)
    assert ours == tools
    assert entries(our_keystore) == entries(tools_keystore)
    assert len(dates(our_keystore)) == 1
    return our_keystore, tools_keystore


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("name", RHEL)
def test_our_work_is_that_of_the_tool(daemon, make_rootfs, name, history):
    root = make_rootfs(name, "overlay")
    change(daemon, root, HISTORIES[history])
    ours, tools = compare(daemon, root)
    if "fixed" in history:
        assert ours == tools


def test_our_work_is_that_of_suses_tool(daemon, make_rootfs):
    compare(daemon, make_rootfs("bookworm-suse", "overlay"))


@pytest.mark.parametrize("name", ("trixie-rhel", "bookworm-suse"))
def test_several_authorities_keep_their_order(make_daemon_dirs, make_rootfs, tmp_path, name):
    daemon = make_daemon_dirs([pki.Authority(tmp_path, n) for n in ("b_b", "A.a", "C-c-C")])
    try:
        daemon.start()
        compare(daemon, make_rootfs(name, "overlay"))
        daemon.finish()
    finally:
        daemon.destroy()


# What a process may do when the authorities are there; @TOOL@ is the family's.
USES = {
    "again": "@TOOL@",
    "twice": "@TOOL@; @TOOL@",
    "with one of its own": "cp /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt @ANCHORS@/own; "
                           "@TOOL@; rm @ANCHORS@/own; @TOOL@",
    "with garbage": "echo garbage > @ANCHORS@/garbage; @TOOL@",
    "without the distribution's": "rm @SOURCE@/ca-bundle.trust.p11-kit; @TOOL@",
    "asking p11-kit": "trust list; trust extract --format=pem-bundle --filter=ca-anchors "
                      "/dev/shm/x; sha256sum /dev/shm/x",
}
PLACES = {imitations.RHEL_TOOL: (ANCHORS, SOURCE),
          imitations.SUSE_TOOL: ("/etc/pki/trust/anchors", "/usr/share/pki/trust")}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_that_a_process_runs_says_and_does_the_same(daemon, make_rootfs, name, use):
    anchors, source = PLACES[TOOLS[name]]
    script = USES[use].replace("@TOOL@", TOOLS[name]).replace("@ANCHORS@", anchors)
    compare(daemon, make_rootfs(name, "overlay"), make_rootfs(name, "overlay"),
            script.replace("@SOURCE@", source))


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_sends_it_to_the_tool(daemon, operator, make_rootfs, guard):
    script, words = GUARDS[guard]
    root = make_rootfs("bookworm-rhel", "overlay")
    change(daemon, root, script, ours=operator.pem)
    assert words in native_of(daemon, root).get("declined", "nothing declined")


@pytest.mark.parametrize("guard", SUSE_GUARDS)
def test_a_guard_sends_it_to_suses_tool(daemon, operator, make_rootfs, guard):
    script, words = SUSE_GUARDS[guard]
    root = make_rootfs("bookworm-suse", "overlay")
    change(daemon, root, script, ours=operator.pem)
    assert words in native_of(daemon, root).get("declined", "nothing declined")


@pytest.mark.parametrize("how", rootfs.HOW)
@pytest.mark.parametrize("name", TOOLS)
def test_nothing_is_left(daemon, operator, make_rootfs, name, how):
    root = make_rootfs(name, how)
    assert "tool" in native_of(daemon, root), native_of(daemon, root)
    picture(daemon, root)
    root.assert_untouched()
    root.assert_nothing_of(operator)
