# SPDX-License-Identifier: Apache-2.0
"""Our own work against the real tool of four suites: the whole trees are equal, or we decline.

The tool is run by plain chroot on the same layers (support/oracle.py). What is expected, native
or a reason to decline, stands in the table: a guard that becomes too eager is noticed too.
"""
import re
import subprocess

import pytest

from support.native import Anchor, Copy, Native
from support.oracle import (BUNDLE, CERTIFICATES, CONF, LOCAL, MOZILLA, STORE, TOOL, Oracle,
                            differences)
from support import oracle, roots

SUITES = ("bullseye-tool", "bookworm-ca", "trixie-tool", "sid-tool")
NATIVE = "tool"
# For variables that take one file (cacerts/plan_environment.c); no tool looks at a hidden one.
BEYOND_THE_TOOL = ("usr/local/share/ca-certificates/.anchord-authorities.pem",)
OWN = f"{CERTIFICATES}/own.pem"

# What the image is before: a script, and whether ours does it, or why not.
STATES = {
    "as it is": ("true", NATIVE),
    "one of its own": (f"cp {OWN} {LOCAL}/own.crt; {TOOL}", NATIVE),
    "one before ours in the order": (f"cp {OWN} {LOCAL}/AA.crt; {TOOL}", NATIVE),
    "an odd name": (f"cp {OWN} '{LOCAL}/an (odd), näme.crt'; {TOOL}", NATIVE),
    "a name with a backslash": (f"cp {OWN} '{LOCAL}/a\\b.crt'", "out of the ordinary"),
    "carriage returns": (f"sed 's/$/\\r/' {OWN} > {LOCAL}/crlf.crt; {TOOL}", NATIVE),
    "no newline at the end": (f"head -c -1 {OWN} > {LOCAL}/cut.crt; {TOOL}", NATIVE),
    "a drop-in file of DER": (f"openssl x509 -in {OWN} -outform DER -out {LOCAL}/der.crt; {TOOL}",
                              "has not one hash link"),
    "a drop-in file with a key": (f"openssl genrsa -out {LOCAL}/key.crt 2>/dev/null; "
                                  f"{TOOL} || true", "has not one hash link"),
    "a drop-in file with two": (f"cat {OWN} {MOZILLA}/ISRG_Root_X1.crt > {LOCAL}/two.crt; {TOOL}",
                                "has not one hash link"),
    "one of the system's again": (f"cp {MOZILLA}/ISRG_Root_X1.crt {LOCAL}/again.crt; {TOOL}",
                                  "has not one hash link"),
    "the same base name": (f"cp {OWN} {LOCAL}/ISRG_Root_X1.crt; {TOOL}", "are called"),
    "a directory that is called like our hash link": (
        f"mkdir {STORE}/$(openssl x509 -in {CERTIFICATES}/plain.pem -noout -subject_hash).0",
        "out of the ordinary"),
    "two of one subject": (f"cp {CERTIFICATES}/twin1.pem {LOCAL}/a.crt; "
                           f"cp {CERTIFICATES}/twin2.pem {LOCAL}/b.crt; {TOOL}", NATIVE),
    "a fresh run": (f"{TOOL} --fresh", NATIVE),
    "a run with umask 077": (f"umask 077; cp {OWN} {LOCAL}/own.crt; {TOOL}", NATIVE),
    "no drop-in directory": (f"rmdir {LOCAL}", NATIVE),
    "no configuration": (f"rm {CONF}", "can't be read"),
    "no store": (f"rm -r {STORE}", "isn't there"),
    "a bundle that is a link": (f"mv {BUNDLE} /etc/b; ln -s /etc/b {BUNDLE}",
                                "out of the ordinary"),
    "a stale bundle": (f"cp {OWN} {BUNDLE}.new", "out of the ordinary"),
    "a hook that fails": ("printf '#!/bin/sh\\nexit 1\\n' > /etc/ca-certificates/update.d/x; "
                          "chmod +x /etc/ca-certificates/update.d/x", "the hook"),
    "a source that nobody may read": (f"cp {OWN} {LOCAL}/own.crt; {TOOL}; chmod 0 {LOCAL}/own.crt",
                                      NATIVE),
    "links out of the root": (f"mkdir /srv/certs; mv {STORE}/* /srv/certs; rmdir {STORE} && "
                              f"ln -s ../../../../srv/certs {STORE}", NATIVE),
    "a foreign hashed file": (f"cp {OWN} {STORE}/f.pem; cd {STORE}; openssl rehash . 2>/dev/null",
                              NATIVE),
    "a set-user-ID bundle": (f"chmod u+s {BUNDLE}", NATIVE),
}

# Who is installed: names of certificates.
AUTHORITIES = {
    "one": (("plain",), NATIVE),
    "many": (("plain", "second", "third", "purpose"), NATIVE),
    "odd subjects": (("näme with spaces", "names"), NATIVE),
    "one subject twice": (("twin1", "twin2"), "share a subject hash"),
    "equal to one of the system's": (("system", "plain"),
                                     "shares its subject hash with one of the image"),
}

# What a process may do when the authorities are there: the tool's words are compared too.
USES = {
    "again": TOOL,
    "and it talks": f"{TOOL} --verbose",
    "afresh": f"{TOOL} --fresh",
    "afresh, and it talks": f"{TOOL} --fresh --verbose",
    "twice afresh": f"{TOOL} --fresh; {TOOL} -f",
    "all of the system's": f"{TOOL} --default",
    "without hooks": f"{TOOL} --hooksdir /nowhere",
    "with a hook": f"""
        printf '#!/bin/sh\npwd; echo "$@"; cat; exit 3\n' > /etc/ca-certificates/update.d/x
        chmod +x /etc/ca-certificates/update.d/x; {TOOL}; {TOOL} --fresh""",
    "with one of its own": f"cp {OWN} {LOCAL}/own.crt; {TOOL}; rm {LOCAL}/own.crt; {TOOL} -f",
    "with one that is none": f"echo none > {LOCAL}/none.crt; {TOOL} -v",
    "with a key": f"cp {CERTIFICATES}/own.key {LOCAL}/key.crt; {TOOL}",
    "with one of ours again": f"cp {CERTIFICATES}/plain.pem {LOCAL}/again.crt; {TOOL}",
    "with one deselected": f"sed -i 's/^.*ISRG/!&/' {CONF}; {TOOL}",
    "with one that is gone": f"rm {MOZILLA}/ISRG_Root_X1.crt; {TOOL}",
    "without a configuration": f"rm {CONF}; {TOOL}",
    "without a bundle": f"rm {BUNDLE}; {TOOL}",
    "without links": f"find {STORE} -type l -delete; {TOOL}",
    "without a store": f"rm -r {STORE}; {TOOL}",
    "without room for temporary files": f"TMPDIR=/nowhere {TOOL}",
    "by a word that it doesn't know": f"{TOOL} --nonsense",
}
# What a rehash makes of two equal files depends on the order in which it reads the directory: an
# underlay's come last there (docs/undo.md).
EQUAL = "with one of ours again"
HASH_LINK = re.compile(r"/etc/ssl/certs/[0-9a-f]{8}\.\d+$", re.M)
EITHER = re.compile(r"\b(again|anchord-[0-9a-f]{16})\.pem")
# What it makes of ours alone is taken for the user's choice (docs/undo.md).
KEPT = ("without a configuration",)


@pytest.fixture(scope="module")
def pki(workspace, request):
    at = workspace / f"pki-{request.module.__name__}"
    at.mkdir()
    anchors = [
        Anchor(at, "plain", "/CN=plain"), Anchor(at, "second", "/O=Second/CN=second"),
        Anchor(at, "third", "/CN=third"),
        Anchor(at, "näme with spaces", "/C=DE/O=Ein  Büro/CN=Größe (1), 语"),
        Anchor(at, "names", "/CN=first name/CN=second name"),
        Anchor(at, "purpose", "/CN=purpose", "extendedKeyUsage=serverAuth"),
        Anchor(at, "twin1", "/CN=twin"), Anchor(at, "twin2", "/CN=twin"),
        Copy(at, "system", roots.make("bookworm-ca") / f"{MOZILLA}/ISRG_Root_X1.crt"[1:]),
    ]
    Anchor(at, "own", "/CN=the image's own")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", at / "own.key"],
                   check=True)
    return {a.name: a for a in anchors}


@pytest.fixture(scope="module")
def judge(workspace, pki):
    at = pki["plain"].certificate.parent
    return Oracle(workspace / f"oracle-{at.name}", at)


@pytest.fixture(scope="module")
def native(make_daemon_dirs, pki, judge):
    daemon = make_daemon_dirs(pki.values())
    try:
        yield Native(daemon.start(), judge)
        daemon.finish()
    finally:
        daemon.destroy()


def compare(native, layers, authorities, expected, *options, before=""):
    plan = native.plan(layers, authorities)
    if "sid-tool" in str(layers) and "isn't known" in plan.get("declined", ""):
        pytest.skip("sid has got another version of the tool")
    if expected != NATIVE:
        assert expected in plan.get("declined", "it is not declined")
        return
    assert NATIVE in plan, plan
    tools, done = native.judge.tool(layers, authorities, before)
    assert done.returncode == 0, done.stdout + done.stderr
    ours = native.install(layers, authorities, *options)
    different = differences(layers, tools, ours, BEYOND_THE_TOOL)
    assert not different, "\n".join(different)
    assert sum(len(oracle.paths_of(top)) for top in ours) >= 3 * len(authorities)


def in_any_order(use: str, text: str) -> str:
    return EITHER.sub("either.pem", text) if use == EQUAL else text


def compare_uses(native, layers, authorities, use) -> list:
    """What it says, its status and the tree; returns what differs in the end from a process alone.
    """
    plan = native.plan(layers, authorities)
    if "sid-tool" in str(layers) and "isn't known" in plan.get("declined", ""):
        pytest.skip("sid has got another version of the tool")
    assert NATIVE in plan, plan
    judge, alone = native.judge, native.judge.layer()
    script = USES[use]
    tools, done = judge.tool(layers, authorities)
    assert done.returncode == 0, done.stdout + done.stderr
    done = judge.run(layers, tools, script)
    ours, left, said = native.run(layers, authorities, script,
                                  f"--mount=type=bind,src={judge.certificates},"
                                  f"dst={CERTIFICATES},readonly")
    assert in_any_order(use, repr(said)) == in_any_order(
        use, repr((done.stdout, done.stderr, done.returncode)))
    different = [line for line in differences(layers, tools, ours, BEYOND_THE_TOOL)
                 if use != EQUAL or not HASH_LINK.match(line)]
    assert not different, "\n".join(different)
    judge.run(layers, alone, script)
    return differences(layers, alone, [left])


def on_suites(table) -> list:
    """What is done natively on every suite; that we decline is seen on one."""
    return [(name, row) for row, (_, expected) in table.items()
            for name in (SUITES if expected == NATIVE else SUITES[1:2])]


@pytest.mark.parametrize("name,state", on_suites(STATES))
def test_the_trees_are_those_of_the_tool_or_it_is_left_to_it(native, judge, pki, name, state):
    script, expected = STATES[state]
    layers = judge.state(judge.small(name), f"{{ {script}\n}} 2>&1")
    compare(native, layers, [pki["plain"]], expected)


@pytest.mark.parametrize("name,who", on_suites(AUTHORITIES))
def test_any_authorities_are_installed_as_the_tool_would(native, judge, pki, name, who):
    names, expected = AUTHORITIES[who]
    compare(native, judge.small(name), [pki[n] for n in names], expected)


@pytest.mark.parametrize("name,use", [(name, use) for use in USES for name in SUITES])
def test_a_tool_that_a_process_runs_says_and_does_the_same(native, judge, pki, name, use):
    different = compare_uses(native, judge.small(name), [pki["plain"], pki["second"]], use)
    assert use in KEPT or not different, "\n".join(different)


@pytest.mark.parametrize("name", SUITES)
def test_the_whole_store_of_a_suite_is_that_of_the_tool(native, judge, pki, name):
    compare(native, [roots.make(name)], [pki["plain"], pki["second"]], NATIVE)


def test_the_process_own_locale_and_umask_are_not_the_tools(native, judge, pki):
    layers = judge.state(judge.small("bookworm-ca"),
                         f"cp {OWN} {LOCAL}/Zz.crt; cp {CERTIFICATES}/twin1.pem {LOCAL}/aa.crt; "
                         f"{TOOL} 2>&1")
    compare(native, layers, [pki["plain"]], NATIVE, "--env=LC_ALL=de_DE.UTF-8", before="umask 077")
