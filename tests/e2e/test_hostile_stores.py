# SPDX-License-Identifier: Apache-2.0
"""Images made to hurt the install and the undo: whatever stands where anchord reads, an exec
returns in time and in memory, touches nothing outside, says what it left out, and leaves no trace.

Every place is met by some kinds of hostile things here, and by all of them in the long ring
(tools/dev hostile).
"""
import hashlib
import itertools
import json
import os
import re
import struct
import subprocess
import time
from pathlib import Path

import pytest

from support import hostile, manifest, roots
from support.hostile import ANYTHING, FOR_DIRECTORIES, FOR_FILES, KINDS, Layers
from test_hostile_process import victim, visible  # noqa: F401

LONG = bool(os.environ.get("ANCHORD_HOSTILE"))
SECONDS = 10       # that an exec may take, sanitizers and a busy machine included
MEMORY = 768 << 20  # bytes that it may cost the daemon, of which the sanitizer keeps 256 MiB

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
TOOL = "/usr/sbin/update-ca-certificates"
DROP_IN = "/usr/local/share/ca-certificates"
RHEL = "/etc/pki/ca-trust"
SUSE = "/var/lib/ca-certificates"
OWN = "/etc/own.pem"
HOME = "/opt/java/own"
STORE = "/nix/store/0123-cacert/etc/ssl/certs/ca-bundle.crt"

_counter = itertools.count(1)


# ---- families: a cached root, and what is done to it before anything hostile is

def _nothing(layers):
    pass


def _unknown_tool(layers):
    layers.copy(TOOL, "# of a version that nobody knows\n")


def _no_tool(layers):
    layers.hide(TOOL)


def _unknown(layers):
    for path in ("/etc/os-release", "/usr/lib/os-release", "/etc/debian_version",
                 "/var/lib/dpkg/status"):
        layers.hide(path)


def _java(layers):
    body = bytes.fromhex("feedfeed00000002") + struct.pack(">I", 0)
    salted = "changeit".encode("utf-16-be") + b"Mighty Aphrodite" + body
    layers.place(f"{HOME}/lib/security/cacerts").write_bytes(body + hashlib.sha1(salted).digest())


def _nix(layers):
    layers.place("/etc/os-release").write_text("ID=nixos\n")
    layers.place(STORE).write_text("# nothing yet\n")
    layers.place("/etc/ssl/certs/ca-bundle.crt").symlink_to(STORE)


# fmt: off
FAMILIES = {
    "debian": ("bookworm-ca", _nothing, ()),
    "helper": ("bookworm-ca", _unknown_tool, ()),
    "no tool": ("bookworm-ca", _no_tool, ()),
    "rhel": ("bookworm-rhel", _nothing, ()),
    "suse": ("bookworm-suse", _nothing, ()),
    "unknown": ("bookworm-minbase", _unknown, ()),
    "java": ("bookworm-minbase", _java, ("JAVA_HOME=" + HOME,)),
    "nix": ("bookworm-minbase", _nix, ()),
    "variables": ("bookworm-minbase", _nothing,
                  (f"SSL_CERT_FILE={OWN}", "SSL_CERT_DIR=/etc/own.d:/etc/own.d/../own.d")),
}

# Where anchord reads, family by family. A directory ends in "/".
PLACES = {
    "debian": ["/etc/os-release", "/usr/lib/os-release", "/etc/debian_version", TOOL, BUNDLE,
               "/etc/ca-certificates.conf", "/etc/ssl/certs/ISRG_Root_X1.pem",
               "/etc/ssl/certs/@HASH@.0", "/etc/ssl/certs/01234567.0",
               "/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt", f"{DROP_IN}/own.crt",
               "/usr/bin/openssl", "/etc/ca-certificates/update.d/own", f"{DROP_IN}/",
               "/usr/local/share/", "/usr/local/", "/etc/ssl/certs/", "/etc/ssl/", "/etc/",
               "/usr/share/ca-certificates/", "/etc/ca-certificates/update.d/",
               "/usr/local/bin/", "/tmp/"],
    "helper": [BUNDLE, "/etc/ca-certificates.conf", f"{DROP_IN}/", f"{DROP_IN}/own.crt",
               "/etc/ssl/certs/", "/usr/share/ca-certificates/mozilla/"],
    "no tool": [BUNDLE, "/etc/ssl/certs/@HASH@.0", "/usr/lib/ssl/", "/etc/ssl/certs/",
                f"{DROP_IN}/", "/etc/passwd", "/etc/group", "/etc/pki/tls/certs/ca-bundle.crt"],
    "rhel": [f"{RHEL}/extracted/pem/tls-ca-bundle.pem", f"{RHEL}/extracted/java/cacerts",
             f"{RHEL}/extracted/edk2/cacerts.bin", f"{RHEL}/extracted/pem/directory-hash/",
             f"{RHEL}/source/anchors/", f"{RHEL}/source/", f"{RHEL}/", "/etc/pki/tls/certs/",
             "/usr/share/pki/ca-trust-source/ca-bundle.trust.p11-kit", "/usr/bin/update-ca-trust",
             "/usr/share/p11-kit/modules/p11-kit-trust.module", "/etc/pkcs11/pkcs11.conf",
             "/etc/pkcs11/modules/", "/usr/share/pki/ca-trust-source/", "/usr/bin/trust"],
    "suse": [f"{SUSE}/ca-bundle.pem", f"{SUSE}/java-cacerts", f"{SUSE}/pem/", f"{SUSE}/openssl/",
             f"{SUSE}/", "/etc/pki/trust/anchors/", "/usr/lib/ca-certificates/update.d/50java.run",
             "/usr/share/pki/trust/ca-bundle.trust.p11-kit"],
    "unknown": ["/etc/ssl/cert.pem", BUNDLE, "/etc/ssl/certs/", "/etc/alpine-release",
                "/etc/passwd"],
    "java": [f"{HOME}/lib/security/cacerts", f"{HOME}/lib/security/jssecacerts",
             f"{HOME}/lib/security/", f"{HOME}/lib/", f"{HOME}/", "/opt/java/", "/usr/lib/jvm/",
             "/usr/bin/java"],
    "nix": [STORE, "/etc/ssl/certs/ca-bundle.crt", "/etc/ssl/certs/", "/nix/store/", "/nix/"],
    "variables": [OWN, "/etc/own.d/", "/etc/own.d/@HASH@.0"],
}
# fmt: on

# What the receipt has to say where it matters; these are always run.
WORDS = [
    ("no tool", BUNDLE, "fifo", "is not a regular file"),
    ("no tool", BUNDLE, "socket", "is not a regular file"),
    ("no tool", BUNDLE, "directory", "is not a regular file"),
    ("no tool", BUNDLE, "10 GiB", "larger than any bundle"),
    ("no tool", BUNDLE, "one line of 100 MB", "larger than any bundle"),
    ("no tool", BUNDLE, "bytes of 0", "it is not text"),
    ("no tool", BUNDLE, "endless PEM", ""),
    ("no tool", BUNDLE, "nested begins", ""),
    ("no tool", BUNDLE, "hard link to passwd", ""),
    ("no tool", BUNDLE, "80 attributes", ""),
    ("unknown", "/etc/ssl/cert.pem", "char device", "is not a regular file"),
    ("unknown", "/etc/ssl/cert.pem", "dangling link", "no bundle where any reader looks"),
    ("unknown", "/etc/ssl/cert.pem", "loop", "no bundle where any reader looks"),
    ("unknown", "/etc/ssl/cert.pem", "link to a host file", "no bundle where any reader looks"),
    ("variables", OWN, "block device", "is not a regular file"),
    ("java", f"{HOME}/lib/security/cacerts", "fifo", "is not a regular file"),
    ("java", f"{HOME}/lib/security/cacerts", "10 GiB", "larger than any keystore"),
    ("java", f"{HOME}/lib/security/cacerts", "a keystore's head",
     "more than 8192 entries"),
    ("java", f"{HOME}/lib/security/cacerts", "deep ASN.1", "of no keystore format"),
    ("debian", "/etc/", "file", "a part of the path is not a directory"),
    ("debian", "/etc/ca-certificates.conf", "10 GiB", "can't be read"),
    ("debian", "/usr/share/ca-certificates/", "fifo", "'/usr/share/ca-certificates' is no regular"),
    ("debian", f"{DROP_IN}/", "odd names", "is out of the ordinary"),
    ("helper", f"{DROP_IN}/", "full of fifos", "is no regular file"),
    ("helper", "/etc/ssl/certs/", "char device", "'/etc/ssl/certs' is no regular file"),
    ("rhel", f"{RHEL}/source/anchors/", "deep", "is nested too deeply"),
    ("rhel", f"{RHEL}/source/", "socket", "is not a directory"),
    ("rhel", f"{RHEL}/extracted/pem/directory-hash/", "file", "is out of the ordinary"),
    ("suse", f"{SUSE}/", "file", "is not a directory"),
    ("nix", "/etc/ssl/certs/", "file", "a part of the path is not a directory"),
]


def kinds_of(place: str) -> list:
    return [*ANYTHING, *(FOR_DIRECTORIES if place.endswith("/") else FOR_FILES)]


def cases() -> list:
    """All of them, or the kind next in turn for a third of the places without known words."""
    known = {row[:3] for row in WORDS}
    found, turn = list(WORDS), itertools.count()
    for family, places in PLACES.items():
        for place in places if LONG else places[::3]:
            kinds = kinds_of(place)
            if not LONG:
                is_known = (family, place) in {k[:2] for k in known}
                kinds = [] if is_known else [kinds[next(turn) * 5 % len(kinds)]]
            found += [(family, place, kind, "") for kind in kinds
                      if (family, place, kind) not in known]
    return found


# ---- what is checked

@pytest.fixture
def make_layers(workspace):
    made = []

    def make(*lowers):
        made.append(Layers(workspace / f"hostile-{next(_counter)}", *lowers))
        return made[-1]

    yield make
    for layers in made:
        layers.remove()


def subject_hash(authority) -> str:
    return subprocess.run(["openssl", "x509", "-in", authority.certificate, "-noout",
                           "-subject_hash"], check=True, capture_output=True,
                          text=True).stdout.strip()


class Peak:
    """The daemon's memory, for as long as it is entered."""

    def __init__(self, daemon):
        self.proc = Path(f"/proc/{daemon.process.pid}")

    def _status(self, field: str) -> int:
        status = (self.proc / "status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", status).group(1)) * 1024

    def __enter__(self):
        (self.proc / "clear_refs").write_text("5")  # the peak begins anew
        self.before = self._status("VmRSS")
        return self

    def __exit__(self, kind, *_):
        self.bytes = self._status("VmHWM") - self.before
        assert kind or self.bytes < MEMORY, f"it took {self.bytes >> 20} MiB"


def said(trust: dict) -> str:
    """All that a receipt says about what was not done."""
    lines = [f"{s['path']}: {s['reason']}" for s in trust.get("skipped", ())]
    lines += [trust.get("native", {}).get("declined", ""), *trust.get("warnings", ())]
    lines += [f"{v['name']} kept: {v['kept']}" for v in trust.get("environment", ()) if "kept" in v]
    return "\n".join(line for line in lines if line)


def run(daemon, options, file, *command, trust="on", seconds=SECONDS):
    """Run it, watched; returns what anchorctl did and the receipt, {} where there is none."""
    began = time.monotonic()
    with Peak(daemon) as peak:
        done = daemon.ctl("run", *options, "--ca", trust, f"--receipt={file}", *command)
    text = file.read_text()
    receipt = json.loads(text) if text else {}
    phases = receipt.get("phases_usec", {})
    # The image's own programs take their time; that of its tool is limited (test_a_tool_that).
    theirs = phases.get("run", 0) + phases.get("helper", 0)
    ours = time.monotonic() - began - theirs / 1e6
    print(f"{ours:.2f} s, {peak.bytes >> 20} MiB", json.dumps(receipt), done.stderr, sep="\n")
    assert ours < seconds, f"it took {ours:.1f} s: {phases}"
    return done, receipt


@pytest.mark.parametrize("family,place,kind,words", cases(),
                         ids=[f"{f}-{p}-{k}".replace(" ", "_") for f, p, k, _ in cases()])
def test_an_image_with(daemon, operator, victim, make_layers, tmp_path,  # noqa: F811
                       family, place, kind, words):
    root, prepare, variables = FAMILIES[family]
    layers = make_layers(roots.make(root))
    prepare(layers)
    path = layers.place(place.rstrip("/").replace("@HASH@", subject_hash(operator)))
    hostile.replace(path)
    KINDS[kind](path, victim)
    options = [*layers.options, *(f"--env={v}" for v in variables)]
    before = layers.manifest()

    done, receipt = run(daemon, options, tmp_path / "receipt", "/bin/true")
    assert done.returncode == 0, done.stderr
    assert words in said(receipt["trust"])
    assert receipt["trust"]["result"] == "installed" or said(receipt["trust"])
    assert_untouched(before, layers)
    explained = daemon.ctl("explain", "--json", *options)
    if receipt["trust"]["result"] == "failed":  # what the exec only warns of is asked for here
        assert explained.returncode == 125
        assert said(receipt["trust"]) in json.loads(explained.stderr)["error"]["message"]
    else:
        assert explained.returncode == 0, explained.stderr
    if receipt["trust"]["result"] != "installed":
        done, _ = run(daemon, options, tmp_path / "receipt", "/bin/true", trust="require")
        assert done.returncode == 125
        assert "can't be installed" in done.stderr or said(receipt["trust"]) in done.stderr
    assert_untouched(before, layers)


def assert_untouched(before, layers):
    """A file with two names becomes two of the same content (docs/undo.md)."""
    def without_links(tree):
        return {path: e._replace(n_links=0) for path, e in visible(tree).items()}

    assert not manifest.differences(without_links(before), without_links(layers.manifest()))


@pytest.fixture(scope="session")
def crowd(workspace):
    """A layer with directories of more entries than anybody has."""
    layer = workspace / "crowd"
    for path in ("etc/ssl/certs", DROP_IN.lstrip("/"), "opt"):
        (layer / path).mkdir(parents=True)
        hostile.fill(layer / path, hostile.MILLION if LONG else hostile.MANY)
    return layer


@pytest.mark.parametrize("family", ["debian", "no tool", "java"])
def test_an_image_with_crowded_directories(daemon, operator, crowd, make_layers, tmp_path, family):
    root, prepare, variables = FAMILIES[family]
    layers = make_layers(crowd, roots.make(root))
    prepare(layers)
    before = layers.manifest()
    options = [*layers.options, *(f"--env={v}" for v in variables)]
    done, receipt = run(daemon, options, tmp_path / "receipt", "/bin/true")
    assert done.returncode == 0, done.stderr
    assert receipt["trust"]["result"] == "installed"
    if family == "debian":
        assert "too many entries" in said(receipt["trust"])
    assert_untouched(before, layers)


# ---- processes that attack the undo

# fmt: off
PROCESSES = {
    "makes the bundle 10 GiB": f"truncate -s 10G {BUNDLE}",
    "makes a new bundle of 10 GiB": f"rm {BUNDLE}; truncate -s 10G {BUNDLE}",
    "makes the bundle 17 MB": f"head -c 17000000 /dev/zero | tr '\\0' '#' >> {BUNDLE}",
    "makes our own file 10 GiB": f"for f in {DROP_IN}/*; do truncate -s 10G $f; done",
    "fills the store": f"cd /etc/ssl/certs; seq {hostile.MANY} | xargs touch",
    "fills the store with what looks like certificates": f"""
        cd /etc/ssl/certs; head -c 900000 {BUNDLE} > x
        perl -e 'link("x", "$_.pem") or die for (1..20000)'""",
    "fills the drop-in directory": f"cd {DROP_IN}; seq {hostile.MANY} | xargs touch",
    "fills directories of its own sources": f"""
        cd /usr/share/ca-certificates; for i in $(seq 5); do mkdir -p d$i; (cd d$i
        head -c 900000 /dev/zero > x.crt; perl -e 'link("x.crt", "$_.crt") for (1..4000)'); done
        echo '# mine' >> {BUNDLE}""",
    "fills /etc": f"cd /etc; seq {hostile.MANY} | xargs touch",
    "fills /": f"cd /; seq {hostile.MANY} | xargs touch",
    "sets 100 attributes on the bundle": f"""
        perl -e '$b = "{BUNDLE}"; $v = "x"; for (1..100) {{ $n = "user.a$_";
        syscall(188, $b, $n, $v, 1, 0) == 0
        or die $! }}'""",
    "links the store to itself": "rm -r /etc/ssl/certs; ln -s certs /etc/ssl/certs",
    "links the drop-in directory to the host": f"rm -rf {DROP_IN}; ln -s @VICTIM@.d {DROP_IN}",
    "links above the drop-in directory to the host": """
        rm -r /usr/local/share; ln -s @VICTIM@.d /usr/local/share""",
    "links /etc/ssl through its own proc": """
        rm -r /etc/ssl; ln -s /proc/self/root@VICTIM@.d /etc/ssl""",
    "links our own file to the host": f"""
        for f in {DROP_IN}/*; do ln -sfn @VICTIM@ $f; done""",
    "leaves fifos in our places": f"""
        for f in {DROP_IN}/* /etc/ssl/certs/anchord* {BUNDLE}; do rm -f $f; mkfifo $f; done""",
    "leaves sockets in our places": f"""
        perl -MSocket -e 'for (@ARGV) {{ unlink; socket(S, AF_UNIX, SOCK_STREAM, 0);
        bind(S, sockaddr_un($_)) or die }}' {DROP_IN}/* {BUNDLE}""".replace("\n", " "),
    "leaves directories in our places": f"""
        for f in {DROP_IN}/* /etc/ssl/certs/anchord* {BUNDLE}; do rm -f $f; mkdir $f; done""",
    "leaves deep directories": f"""
        for d in {DROP_IN} /etc/ssl/certs /usr/share/ca-certificates; do (cd $d
        for i in $(seq 200); do mkdir d; cd d; done); done""",
    "takes all rights away": f"""
        chmod -R 0 {DROP_IN} /etc/ssl /usr/share/ca-certificates""",
    "has names like ours": f"""
        cd {DROP_IN}; for f in *; do for i in 1 2 3; do echo > "$f.$i"; echo > "x$f"; done; done""",
    "has odd names": """
        cd /etc/ssl/certs; touch "$(printf 'a\\nb')" "$(printf '\\377\\376')" -- -rf '*'""",
    "has many links of our hash": """
        cd /etc/ssl/certs
        h=$(ls -l | sed -n 's/.* \\([0-9a-f]*\\)\\.0 -> anchord.*/\\1/p' | tail -1)
        H=${h:-01234567} perl -e 'symlink("x.pem", "$ENV{H}.$_") for (1..20000)'""",
    "writes a million lines": f"""
        yes '# a line' | head -1000000 >> {BUNDLE}""",
    "writes begins without end": f"""
        yes -- '-----BEGIN CERTIFICATE-----' | head -200000 >> {BUNDLE}""",
    "writes very many certificates": f"""
        sed -n '/BEGIN/,/END/p;/END/q' {BUNDLE} > /tmp/one; i=0
        while [ $i -lt 12 ]; do cat /tmp/one /tmp/one > /tmp/two; mv /tmp/two /tmp/one; i=$((i + 1))
        done; cat /tmp/one >> {BUNDLE}; rm /tmp/one""",  # 4096 of them
    "links the bundle to its users": f"ln -f /etc/passwd {BUNDLE}",
    "mounts over the store in a namespace of its own": """
        unshare -Urm sh -c 'mount -t tmpfs x /etc/ssl/certs; sleep 1000' > /dev/null 2>&1 & :""",
    "lowers its limits": "ulimit -n 10; ulimit -f 1; ulimit -v 100000; :",
}
# fmt: on

# Where a file is larger than anchord reads, what is in it stays (docs/undo.md).
TOO_LARGE = {"makes the bundle 10 GiB", "makes the bundle 17 MB", "makes our own file 10 GiB"}


def found_of(authority, tree) -> list:
    """As rootfs.traces_of(), quicker where there are very many files, and holes are left out."""
    needles = [authority.der, authority.body[1].encode()]
    found = []
    for directory, _, files in os.walk(tree):
        for name in files:
            path = os.path.join(directory, name)
            st = os.lstat(path)
            if not 200 < st.st_size < 1 << 26 or not os.path.isfile(path) or st.st_nlink > 100:
                continue
            content = Path(path).read_bytes()
            if any(needle in content for needle in needles):
                found.append(path)
    return found


# These take the machine's time rather than anchord's.
CROWDS = {"fills /", "fills /etc", "fills the drop-in directory"}


@pytest.mark.parametrize("name", [n for n in PROCESSES if LONG or n not in CROWDS])
def test_a_process_that(daemon, operator, victim, make_layers, tmp_path, name):  # noqa: F811
    layers = make_layers(roots.make("bookworm-ca"))
    script = PROCESSES[name].replace("@VICTIM@", str(victim))
    done, receipt = run(daemon, layers.options, tmp_path / "receipt", "sh", "-ec", script,
                        trust="require")
    assert done.returncode == 0, done.stderr
    assert receipt["undo"]["result"] in ("restored", "merged")
    if name in TOO_LARGE:
        assert receipt["undo"]["kept"]
    else:
        assert not found_of(operator, layers.tree)


# ---- tools that attack who runs them

APPEND = f"cat {DROP_IN}/* >> {BUNDLE}"
# fmt: off
TOOLS = {
    "prints without end": ("yes", "ran longer than 2 s"),
    "runs without end": ("trap '' TERM; sleep 1000 & sleep 1000; wait", "ran longer than 2 s"),
    "leaves many processes": ("""
        i=0; while [ $i -lt 300 ]; do sleep 1000 & i=$((i + 1)); done; exit 3""",
                              "failed with status 3"),
    "writes 6000 files": (f"{APPEND}; cd /etc/ssl/certs; seq 6000 | xargs touch",
                          "more than 4096 changed paths"),
    "writes almost too many files": (f"{APPEND}; cd /etc/ssl/certs; seq 4090 | xargs touch", ""),
    "writes 10 GiB": (f"{APPEND}; truncate -s 10G {BUNDLE}", "16777216"),
    "replaces its store by a link": ("rm -r /etc/ssl/certs; ln -s / /etc/ssl/certs",
                                     "replaced the directory '/etc/ssl/certs'"),
    "deletes its store": ("rm -r /etc/ssl/certs", "replaced the directory '/etc/ssl/certs'"),
    "makes its store anew": (f"rm -r /etc/ssl/certs; mkdir /etc/ssl/certs; {APPEND}",
                             "replaced '/etc/ssl/certs'"),
    "makes a fifo": (f"{APPEND}; mkfifo /etc/ssl/certs/x", "made a special file"),
    "makes a device": (f"{APPEND}; mknod /etc/ssl/certs/x c 1 3", "made a special file"),
    "nests directories": ("""
        cd /etc/ssl/certs; i=0; while [ $i -lt 100 ]; do mkdir d; cd d; i=$((i + 1)); done""",
                          "nested directories too deeply"),
    "does nothing": (":", "did not add the authorities"),
    "writes elsewhere": (f"{APPEND}; rm -r /usr/share; echo > /etc/passwd; echo > /dev/shm/x", ""),
}
# fmt: on


@pytest.fixture(scope="module")
def impatient_daemon(make_daemon_dirs, operator):
    """It gives tools two seconds."""
    daemon = make_daemon_dirs([operator])
    daemon.variables = {"ANCHORD_HELPER_USEC": "2000000"}
    try:
        yield daemon.start()
        daemon.finish()
    finally:
        daemon.destroy()


@pytest.mark.parametrize("name", [n for n in TOOLS if LONG or "almost" not in n])
def test_a_tool_that(impatient_daemon, operator, make_layers, tmp_path, name):
    script, words = TOOLS[name]
    layers = make_layers(roots.make("bookworm-ca"))
    layers.place(TOOL).write_text(f"#!/bin/sh\n{script}\n")
    layers.place(TOOL).chmod(0o755)
    before = layers.manifest()
    done, receipt = run(impatient_daemon, layers.options, tmp_path / "receipt", "grep", "-cF",
                        operator.body[1], BUNDLE, trust="require",
                        seconds=60 if "almost" in name else SECONDS)  # it is let do all of it
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1\n"
    assert words in said(receipt["trust"])
    assert receipt["phases_usec"]["helper"] < SECONDS * 1e6
    assert_untouched(before, layers)
    impatient_daemon.assert_clean()


def test_a_tool_has_nothing_of_the_hosts_among_its_descriptors(daemon, make_layers, tmp_path):
    """What they lead to it may change, as root: a mode of the host's /dev/null, say."""
    layers = make_layers(roots.make("bookworm-ca"))
    layers.place(TOOL).write_text("#!/bin/sh\nfor fd in 0 1 2; do "
                                  f"[ -p /proc/self/fd/$fd ] || exit 3; done\n{APPEND}\n")
    layers.place(TOOL).chmod(0o755)
    done, receipt = run(daemon, layers.options, tmp_path / "receipt", "true", trust="require")
    assert done.returncode == 0, done.stderr
    assert receipt["trust"]["helper"]["status"] == 0


# ---- a disk that is full

@pytest.fixture
def make_small(make_layers, own_daemon, workspace):
    """Layers whose upper is on a tmpfs of its own, unmounted before the daemon is looked at."""
    made = []

    def make(options):
        place = workspace / f"small-{next(_counter)}"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "small", place], check=True)
        made.append(place)
        return Layers(place / "layers", roots.make("bookworm-ca"))

    own_daemon.start()
    yield make
    for place in made:
        subprocess.run(["umount", place], check=True)
        place.rmdir()


@pytest.mark.parametrize("options", ["size=100k", "size=1m,nr_inodes=12"])
def test_a_full_disk_costs_the_authorities_and_nothing_else(own_daemon, make_small, tmp_path,
                                                            options):
    layers = make_small(options)
    before = layers.manifest()
    done, receipt = run(own_daemon, layers.options, tmp_path / "receipt", "echo", "hello")
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr
    assert receipt["trust"]["result"] == "failed"
    assert "No space left on device" in said(receipt["trust"])
    assert_untouched(before, layers)
    done, _ = run(own_daemon, layers.options, tmp_path / "receipt", "true", trust="require")
    assert done.returncode == 125
    assert "No space left on device" in done.stderr
    assert_untouched(before, layers)


def test_an_undo_without_room_says_so_and_ends_when_there_is_some(own_daemon, operator, make_small,
                                                                  tmp_path):
    layers = make_small("size=1m")
    done, _ = run(own_daemon, layers.options, tmp_path / "receipt", "sh", "-c",
                  f"echo '# mine' >> {BUNDLE}; cat /dev/zero > /full", trust="require")
    assert done.returncode == 125
    assert "No space left on device" in done.stderr
    assert b"# mine\n" in (layers.tree / BUNDLE.lstrip("/")).read_bytes()

    (layers.tree / "full").unlink()
    own_daemon.restart()
    assert not list((own_daemon.state_dir / "execs").iterdir())
    assert (layers.tree / BUNDLE.lstrip("/")).read_bytes().endswith(b"# mine\n")
    assert not found_of(operator, layers.tree)
