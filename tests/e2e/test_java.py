# SPDX-License-Identifier: Apache-2.0
"""Java trusts the operator's authority through its own keystores, and keeps no trace of it.

The root is Debian's, with its JDK and ca-certificates-java. Other Javas are imitated by a directory
below /opt/java with a keystore in it, made by the root's own keytool.
"""
import base64
import hashlib
import json
import struct

import pytest

from support import manifest, pki, rootfs
from test_hostile_process import visible

ROOT = "bookworm-java"
SUITES = ("bullseye-java", ROOT, "trixie-java", "sid-java")
STORE = "/etc/ssl/certs/java/cacerts"
TOOL = "/usr/sbin/update-ca-certificates"
HOOK = "/etc/ca-certificates/update.d/jks-keystore"
KEYTOOL = "keytool -J-XX:-UsePerfData -J-Xshare:auto -noprompt"
HOME = "/opt/java/own"
OWN = f"{HOME}/lib/security/cacerts"

# Fetches a URL as any Java program does: with the default keystore.
CLIENT = """
import java.net.URL;
public class Get {
    public static void main(String[] args) throws Exception {
        try (var in = new URL(args[0]).openStream()) { in.transferTo(System.out); }
    }
}
"""

NONE = ("-J-Dkeystore.pkcs12.macAlgorithm=NONE "
        "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE")
IMPORT = f"{KEYTOOL} -importcert -keystore {OWN} -alias own -file /etc/ssl/certs/ISRG_Root_X1.pem "

# The keystore of the other Java, and the password to list it with.
FORMATS = {
    "JKS": IMPORT + "-storetype JKS -storepass changeit",
    "PKCS12 in clear": IMPORT + f"-storetype PKCS12 -storepass changeit {NONE}",
    "PKCS12 with a password": IMPORT + "-storetype PKCS12 -storepass changeit",
    "PKCS12 without certificates": f"{KEYTOOL} -genkeypair -keyalg EC -dname CN=x -keystore {OWN} "
                                   "-storetype PKCS12 -storepass changeit -alias own",
}

# Stores that can't be written: the receipt says why.
REFUSED = {
    "another password": (IMPORT + "-storetype JKS -storepass sesame", "password"),
    "PKCS12 with another one": (IMPORT + "-storetype PKCS12 -storepass sesame", "password"),
    "JCEKS": (IMPORT + "-storetype JCEKS -storepass changeit", "JCEKS"),
    "garbage": (f"echo garbage > {OWN}", "format"),
    "a FIFO": (f"mkfifo {OWN}", "regular file"),
    "damaged": (IMPORT + f"-storetype JKS -storepass changeit && truncate -s -1 {OWN}", "damaged"),
}

# States in which Debian's own keystore is left to the tool: the guard's words.
GUARDS = {
    "another hook": (f"echo '#' >> {HOOK}", "version that isn't known"),
    "another script": ("echo '#' >> /var/lib/dpkg/info/ca-certificates-java.postinst",
                       "version that isn't known"),
    "a hook that can't be run": (f"chmod -x {HOOK}", "can't be run"),
    "no java": ("rm /usr/bin/java", "no java"),
    "left of another run": ("echo > /var/lib/ca-certificates-java/pending", "another run"),
    "other settings": ("echo 'storepass=x' >> /etc/default/cacerts", "out of the ordinary"),
    "no keystore": (f"rm {STORE}", "isn't there"),
    "a keystore that is a link": (f"ln {STORE} /etc/ssl/certs/java/x", "out of the ordinary"),
    "another format": (f"echo x > {STORE}", "no JKS"),
    "another password": (f"{KEYTOOL} -storepasswd -keystore {STORE} -storepass changeit "
                         "-new sesame", "password"),
    "our name": (f"{KEYTOOL} -importcert -keystore {STORE} -storepass changeit -alias debian:$NAME"
                 ".pem -file /etc/ssl/certs/ISRG_Root_X1.pem", "already"),
}


def name_of(authority) -> str:
    return f"anchord-{hashlib.sha256(authority.der).hexdigest()[:16]}"


def fingerprint(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def run(daemon, root, script, *options, **env):
    variables = [f"--env={key}={value}" for key, value in env.items()]
    return daemon.ctl("run", *root.options, *options, *variables, "sh", "-ec", script)


def change(daemon, root, script, **env):
    """Before the test begins: what is there then is what must be there again."""
    done = run(daemon, root, script, "--ca", "off", **env)
    assert done.returncode == 0, done.stdout + done.stderr
    return root.manifest()


def make_home(daemon, root, script):
    return change(daemon, root, f"mkdir -p {HOME}/lib/security && {script} 2>&1")


def plan_of(daemon, root):
    done = daemon.ctl("explain", "--json", *root.options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def entries(jks: bytes, password="changeit") -> list:
    """(alias, milliseconds, DER) of a JKS keystore of certificates, in its order; no other bytes
    are in it but those that follow from these, and it is signed with the password."""
    assert jks[:8] == bytes.fromhex("feedfeed00000002")
    salted = password.encode("utf-16-be") + b"Mighty Aphrodite" + jks[:-20]
    assert jks[-20:] == hashlib.sha1(salted).digest()
    at, found = 12, []
    for _ in range(struct.unpack(">I", jks[8:12])[0]):
        assert jks[at:at + 4] == b"\0\0\0\2"
        n = struct.unpack(">H", jks[at + 4:at + 6])[0]
        alias = jks[at + 6:at + 6 + n].decode()
        at += 6 + n
        time = struct.unpack(">Q", jks[at:at + 8])[0]
        n = struct.unpack(">I", jks[at + 15:at + 19])[0]
        found.append((alias, time, jks[at + 19:at + 19 + n]))
        at += 19 + n
    assert len(jks) == at + 20
    return found


def aliases(listing: str) -> dict:
    """Of `keytool -list`: alias -> fingerprint."""
    found, alias = {}, None
    for line in listing.splitlines():
        if line.endswith("trustedCertEntry, ") or ", PrivateKeyEntry" in line:
            alias = line.split(",")[0]
        elif "fingerprint" in line and alias:
            found[alias] = line.rpartition(" ")[2].replace(":", "").lower()
    return found


@pytest.mark.parametrize("how", rootfs.HOW)
def test_a_java_client_trusts_the_operators_server(daemon, server, operator, make_rootfs, how):
    root = make_rootfs(ROOT, how)
    script = ('printf %s "$CLIENT" > /dev/shm/Get.java; '
              f"java -XX:-UsePerfData /dev/shm/Get.java {server.url} 2>&1")
    done = run(daemon, root, script, CLIENT=CLIENT)
    assert done.stdout == f"{pki.GREETING}\n", done.stdout + done.stderr
    root.assert_untouched()
    root.assert_nothing_of(operator)
    done = run(daemon, root, script, "--ca", "off", CLIENT=CLIENT)
    assert done.returncode != 0
    assert "unable to find valid certification path" in done.stdout


OWN_SOURCE = '{ printf %s "$PEM" > /usr/local/share/ca-certificates/own.crt; } && ' + TOOL
# What happens to Debian's keystore before, and what a process does that has authorities.
HISTORIES = {
    "as it is": ":",
    "one of its own": OWN_SOURCE,
    "one of its own by keytool": 'printf %s "$PEM" > /dev/shm/own.pem; '
                                 f"{KEYTOOL} -importcert -keystore {STORE} -storepass changeit "
                                 "-alias Own.Name -file /dev/shm/own.pem",
    "one deselected": f"sed -i 's/^.*ISRG_Root_X1/!&/' /etc/ca-certificates.conf; {TOOL}",
    "two alone": f"sed -i '/ISRG_Root_X1\\|ACCVRAIZ1/!s/^/!/' "
                 f"/etc/ca-certificates.conf; {TOOL} --fresh",
    "no updates": "sed -i s/=yes/=no/ /etc/default/cacerts",
    "no defaults": "rm /etc/default/cacerts",
}
HOOK_USES = {
    "again": TOOL,
    "afresh": f"{TOOL} --fresh",
    "with one of its own": OWN_SOURCE,
    "without a keystore": f"rm {STORE}; {TOOL} --fresh",
}


def of_both(daemon, make_rootfs, name, history, use, **env) -> list:
    """Of our install and of the tool's: what a process prints, and the keystore that it sees."""
    found = []
    for how in ("tool", "declined"):
        root = make_rootfs(name, "overlay")
        change(daemon, root, f"{history} 2>&1", **env)
        before = change(daemon, root, f"[ {how} = tool ] || echo '#' >> {TOOL}")
        assert how in plan_of(daemon, root)["native"], plan_of(daemon, root)["native"]
        script = f"{{ {use}; }} 2>&1; stat -c '%a %u:%g' {STORE}; base64 {STORE} >&2"
        done = run(daemon, root, script, "--ca", "require", **env)
        assert done.returncode == 0, done.stdout + done.stderr
        if use == ":":
            assert not manifest.differences(visible(before), visible(root.manifest()))
        found.append((done.stdout, entries(base64.b64decode(done.stderr))))
    return found


def without_times(store: list) -> list:
    return [(alias, der) for alias, _, der in store]


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("name", SUITES)
def test_debians_keystore_is_the_one_that_its_hook_makes(daemon, operator, stranger, make_rootfs,
                                                         name, history):
    ours, tools = of_both(daemon, make_rootfs, name, HISTORIES[history], ":", PEM=stranger.pem)
    assert ours[0] == tools[0]
    assert without_times(ours[1]) == without_times(tools[1])
    is_hooks = not history.startswith("no ")  # else the hook does nothing, and it is up to us
    alias = f"debian:{name_of(operator)}.pem" if is_hooks else name_of(operator)
    assert [a for a, _, der in ours[1] if der == operator.der] == [alias]


def test_entries_that_were_there_keep_their_time(daemon, operator, make_rootfs):
    root = make_rootfs(ROOT, "overlay")
    before = run(daemon, root, f"base64 {STORE}", "--ca", "off")
    during = run(daemon, root, f"base64 {STORE}", "--ca", "require")
    old, new = (entries(base64.b64decode(done.stdout)) for done in (before, during))
    assert sorted(e for e in new if e[2] != operator.der) == sorted(old)


@pytest.mark.parametrize("use", HOOK_USES)
@pytest.mark.parametrize("name", SUITES)
def test_a_hook_that_a_process_runs_says_and_does_the_same(daemon, stranger, make_rootfs, name,
                                                           use):
    ours, tools = of_both(daemon, make_rootfs, name, ":", HOOK_USES[use], PEM=stranger.pem)
    assert ours[0] == tools[0]
    assert without_times(ours[1]) == without_times(tools[1])


@pytest.mark.parametrize("format", FORMATS)
def test_keytool_lists_our_entry_in_any_format(daemon, operator, make_rootfs, format):
    root = make_rootfs(ROOT, "overlay")
    before = make_home(daemon, root, FORMATS[format])
    done = run(daemon, root, f"{KEYTOOL} -list -keystore {OWN} -storepass changeit")
    assert done.returncode == 0, done.stdout + done.stderr
    listed = aliases(done.stdout)
    assert set(listed) == {"own", name_of(operator)}
    assert listed[name_of(operator)] == fingerprint(operator.der)
    assert not manifest.differences(before, root.manifest())


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_written_is_skipped_with_a_reason(daemon, make_rootfs, case):
    script, words = REFUSED[case]
    root = make_rootfs(ROOT, "overlay")
    before = make_home(daemon, root, script)
    skipped = {s["path"]: s["reason"] for s in plan_of(daemon, root)["skipped"]}
    assert words in skipped[OWN]
    assert run(daemon, root, "true").returncode == 0
    assert not manifest.differences(before, root.manifest())


# What a user does to a keystore in which ours is, and to one in which it isn't.
USERS = {
    "imports": "-importcert -alias users -file /dev/shm/users.pem",
    "deletes": "-delete -alias {known}",
    "imports under a name like ours": "-importcert -alias anchord-users -file /dev/shm/users.pem",
    "changes the name": "-changealias -alias {known} -destalias other",
}


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("format", ["Debian's", *FORMATS])
def test_what_the_user_does_with_keytool_stays_and_ours_goes(daemon, operator, stranger,
                                                             make_rootfs, format, user):
    store = STORE if format == "Debian's" else OWN
    known = "debian:isrg_root_x1.pem" if format == "Debian's" else "own"
    options = NONE if format == "PKCS12 in clear" else ""
    script = (f'printf %s "$PEM" > /dev/shm/users.pem; {KEYTOOL} {USERS[user].format(known=known)} '
              f"-keystore {store} -storepass changeit {options} 2>&1")
    results = []
    for trust in ("require", "off"):
        root = make_rootfs(ROOT, "overlay")
        if store == OWN:
            make_home(daemon, root, FORMATS[format])
        done = run(daemon, root, script, "--ca", trust, PEM=stranger.pem)
        assert done.returncode == 0, done.stdout + done.stderr
        root.assert_nothing_of(operator)
        done = run(daemon, root, f"{KEYTOOL} -list -keystore {store} -storepass changeit 2>&1",
                   "--ca", "off")
        assert done.returncode == 0, done.stdout
        found = aliases(done.stdout)
        if format == "PKCS12 without certificates":
            found.pop("own", None)  # each one has made a key of its own
            found.pop("other", None)
        results.append(found)
    assert results[0] == results[1]
    assert fingerprint(operator.der) not in results[0].values()


def test_the_users_own_copy_of_the_authority_stays(daemon, operator, make_rootfs):
    root = make_rootfs(ROOT, "overlay")
    done = run(daemon, root, f'printf %s "$PEM" > /dev/shm/a.pem; {KEYTOOL} -importcert -alias mine '
               f"-file /dev/shm/a.pem -keystore {STORE} -storepass changeit 2>&1", PEM=operator.pem)
    assert done.returncode == 0, done.stdout + done.stderr
    left = {alias for alias, _, der in entries(root.path(STORE).read_bytes())
            if der == operator.der}
    assert left == {"mine"}


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_leaves_the_keystore_to_the_tool(daemon, operator, make_rootfs, guard):
    script, words = GUARDS[guard]
    root = make_rootfs(ROOT, "overlay")
    change(daemon, root, f"{script} 2>&1", NAME=name_of(operator))
    assert words in plan_of(daemon, root)["native"].get("declined", "nothing declined")


def test_disabled_updates_do_not_keep_java_from_trusting(daemon, operator, make_rootfs):
    root = make_rootfs(ROOT, "overlay")
    before = change(daemon, root, "sed -i s/=yes/=no/ /etc/default/cacerts")
    plan = plan_of(daemon, root)
    assert "tool" in plan["native"]
    assert {"path": STORE, "store": "keystore", "strategy": "java"} in plan["stores"]
    done = run(daemon, root, f"{KEYTOOL} -list -keystore {STORE} -storepass changeit")
    assert name_of(operator) in aliases(done.stdout)
    assert not manifest.differences(before, root.manifest())


def test_a_keystore_that_a_package_makes_of_our_file_loses_ours(daemon, operator, make_rootfs):
    made = []
    for trust in ("require", "off"):
        root = make_rootfs(ROOT, "overlay")
        change(daemon, root, "rm -r /etc/ssl/certs/java; mkdir /etc/ssl/certs/java")
        done = run(daemon, root, "/var/lib/dpkg/info/ca-certificates-java.postinst configure '' "
                   f"2>&1; base64 {STORE} >&2", "--ca", trust)
        assert done.returncode == 0, done.stdout
        during = {alias for alias, _, _ in entries(base64.b64decode(done.stderr))}
        assert (f"debian:{name_of(operator)}.pem" in during) == (trust == "require")
        root.assert_nothing_of(operator)
        made.append({(alias, der) for alias, _, der in
                     entries(root.path(STORE).read_bytes())})
    assert made[0] == made[1]


def test_a_tool_that_the_user_runs_leaves_nothing_of_ours(daemon, operator, make_rootfs):
    made = []
    for trust in ("require", "off"):
        root = make_rootfs(ROOT, "overlay")
        done = run(daemon, root, f"{TOOL} --fresh 2>&1", "--ca", trust)
        assert done.returncode == 0, done.stdout
        made.append({(alias, der) for alias, _, der in entries(root.path(STORE).read_bytes())})
        assert operator.der not in {der for _, der in made[-1]}
    assert made[0] == made[1]


def test_a_keystore_whose_password_the_user_changed_is_kept_as_it_is(daemon, operator, make_rootfs,
                                                                     tmp_path):
    root = make_rootfs(ROOT, "overlay")
    receipt = tmp_path / "receipt"
    done = run(daemon, root, f"{KEYTOOL} -storepasswd -keystore {STORE} -storepass changeit "
               "-new sesame 2>&1", f"--receipt={receipt}")
    assert done.returncode == 0, done.stdout
    undo = json.loads(receipt.read_text())["undo"]
    assert (undo["result"], STORE in undo["kept"]) == ("merged", True)
    assert operator.der in {der for _, _, der in entries(root.path(STORE).read_bytes(), "sesame")}
