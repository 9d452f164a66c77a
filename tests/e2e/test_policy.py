# SPDX-License-Identifier: Apache-2.0
"""Which authorities, by which strategies: masks, variables, subsets, sets that change."""
import hashlib
import json
import os
import subprocess

import pytest

from support import pki, rootfs, roots
from support.daemon import PATIENCE

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def fingerprint(authority) -> str:
    return hashlib.sha256(authority.der).hexdigest()


def count(authority, path=BUNDLE):
    return ["grep", "-cF", authority.body[0], path]


@pytest.fixture
def receipt_of(daemon, tmp_path):
    """Run something and return (what anchorctl did, "trust" of the receipt)."""
    def run(*args):
        file = tmp_path / "receipt"
        done = daemon.ctl("run", f"--receipt={file}", *args)
        return done, json.loads(file.read_text())["trust"]
    return run


# ---- masks

@pytest.mark.parametrize("user", ["root", "nobody"])
@pytest.mark.parametrize("how", rootfs.HOW)
def test_a_read_only_rootfs_is_masked(daemon, server, operator, make_rootfs, receipt_of, how, user):
    root = make_rootfs("bookworm-ca", how)
    done, trust = receipt_of(*root.options, "--read-only", "--user", user, "--ca", "require",
                             "curl", "-sS", server.url)
    assert (done.returncode, done.stdout) == (0, f"{pki.GREETING}\n"), done.stderr
    assert trust["result"] == "installed"
    assert {s.get("masked") for s in trust["stores"]} == {True}
    root.assert_untouched()
    root.assert_nothing_of(operator)


def test_nothing_of_a_read_only_rootfs_is_changed_while_its_process_runs(daemon, operator,
                                                                        make_rootfs):
    root = make_rootfs("bookworm-ca", "bind")
    client = daemon.spawn("run", *root.options, "--read-only", "--ca", "require", "sh", "-c",
                          f"grep -cF {operator.body[0]} {BUNDLE}; read x", stdin=subprocess.PIPE)
    assert client.stdout.readline() == "1\n"
    root.assert_untouched()
    client.communicate("\n", timeout=PATIENCE)
    assert client.returncode == 0


def test_masked_stores_can_not_be_written(daemon, make_rootfs):
    root = make_rootfs("bookworm-ca", "bind")
    done = daemon.ctl("run", *root.options, "--read-only", "sh", "-c",
                      f"echo > {BUNDLE}; touch /etc/ssl/certs/x; rm {BUNDLE}; ls {BUNDLE}")
    assert done.stdout == f"{BUNDLE}\n"
    assert done.stderr.count("Read-only file system") == 3
    root.assert_untouched()


def test_an_overlay_without_an_upper_is_masked(daemon, server, tmp_path):
    lowers = f"lower={tmp_path}:{roots.make('bookworm-ca')}"
    done = daemon.ctl("run", "--overlay", lowers, "--ca", "require",
                      "curl", "-sS", server.url)
    assert (done.returncode, done.stdout) == (0, f"{pki.GREETING}\n"), done.stderr


def test_a_read_only_mount_over_the_stores_is_masked(daemon, server, make_rootfs, workspace):
    root = make_rootfs("bookworm-ca", "overlay")
    stores = workspace / "stores"
    subprocess.run(["cp", "-a", roots.make("bookworm-ca") / "etc/ssl/certs", stores], check=True)
    before = {name: os.lstat(stores / name) for name in os.listdir(stores)}
    done = daemon.ctl("run", *root.options, "--mount",
                      f"type=bind,source={stores},destination=/etc/ssl/certs,ro", "--ca", "require",
                      "curl", "-sS", server.url)
    assert (done.returncode, done.stdout) == (0, f"{pki.GREETING}\n"), done.stderr
    root.assert_untouched()
    assert {name: os.lstat(stores / name) for name in os.listdir(stores)} == before


def test_execs_that_share_a_read_only_rootfs_are_all_masked(daemon, operator, make_rootfs):
    root = make_rootfs("bookworm-ca", "bind")
    first = daemon.spawn("run", *root.options, "--read-only", "sh", "-c", "echo up; read x",
                         stdin=subprocess.PIPE)
    assert first.stdout.readline() == "up\n"
    for mode in (["--read-only"], []):
        done = daemon.ctl("run", *root.options, *mode, "--ca", "require", *count(operator))
        assert done.stdout == "1\n", done.stderr
    first.communicate("\n", timeout=PATIENCE)
    root.assert_untouched()


# ---- variables

def variables(done) -> dict:
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_software_with_a_store_of_its_own_is_told_by_variables(daemon, operator, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    done = daemon.ctl("run", *root.options, "--env", "AWS_CA_BUNDLE=/own", "env")
    told = variables(done)
    assert told["REQUESTS_CA_BUNDLE"] == told["SSL_CERT_FILE"] == BUNDLE
    assert told["AWS_CA_BUNDLE"] == "/own"
    done = daemon.ctl("run", *root.options, "sh", "-c", 'cat "$NODE_EXTRA_CA_CERTS"')
    assert done.stdout == operator.pem
    root.assert_untouched()


@pytest.mark.parametrize("options", [["--ca", "off"],
                                     ["--ca-strategies", "drop-in,native,helper"]])
def test_variables_stay_away_where_they_are_not_wanted(daemon, make_rootfs, options):
    root = make_rootfs("bookworm-ca", "overlay")
    done = daemon.ctl("run", *root.options, *options, "env")
    assert "NODE_EXTRA_CA_CERTS" not in variables(done), done.stderr
    assert "SSL_CERT_FILE" not in variables(done)


def without_xattrs(tree: dict) -> dict:
    """The kernel marks directories of an upper when it first meets them, also without us."""
    return {path: e._replace(xattrs=()) for path, e in tree.items()}


def test_a_file_that_the_caller_names_is_a_store(daemon, operator, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    (root.tree / "opt").mkdir()
    (root.tree / "opt/own.pem").write_text("# the caller's\n")
    before = without_xattrs(root.manifest())
    done = daemon.ctl("run", *root.options, "--env", "SSL_CERT_FILE=/opt/own.pem", "sh", "-c",
                      'cat "$SSL_CERT_FILE"')
    assert done.stdout == f"# the caller's\n{operator.pem}"
    assert without_xattrs(root.manifest()) == before


# ---- strategies

@pytest.mark.parametrize("strategies,seen", [
    ("append", {"append"}), ("drop-in", {"drop-in"}), ("drop-in,native", {"drop-in", "native"}),
    ("drop-in,helper", {"drop-in", "helper"})])
def test_only_what_is_allowed_is_done(receipt_of, make_rootfs, strategies, seen):
    root = make_rootfs("bookworm-ca", "overlay")
    done, trust = receipt_of(*root.options, "--ca-strategies", strategies, "true")
    assert done.returncode == 0, done.stderr
    assert {s["strategy"] for s in trust["stores"]} == seen
    root.assert_untouched()


def test_what_is_required_and_not_allowed_fails_the_exec(daemon, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    done = daemon.ctl("run", *root.options, "--ca", "require", "--ca-strategies", "mask", "true")
    assert done.returncode == 125
    assert "can't be installed" in done.stderr
    root.assert_untouched()


def test_an_unknown_strategy_is_refused(daemon):
    done = daemon.ctl("run", "--ca-strategies", "nativ", "true")
    assert done.returncode == 125
    assert "'nativ' is no strategy; there are drop-in native helper" in done.stderr


# ---- which authorities

@pytest.fixture
def two(make_daemon_dirs, operator, stranger):
    daemon = make_daemon_dirs([operator, stranger])
    try:
        yield daemon.start()
        daemon.finish()
    finally:
        daemon.destroy()


def test_an_exec_may_trust_some_of_the_authorities(two, operator, stranger, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    text = ":".join(fingerprint(stranger).upper()[i:i + 2] for i in range(0, 64, 2))
    script = f"grep -cF {operator.body[0]} {BUNDLE}; grep -cF {stranger.body[0]} {BUNDLE}"
    done = two.ctl("run", *root.options, "--ca-only", text, "sh", "-c", script)
    assert done.stdout == "0\n1\n", done.stderr
    done = two.ctl("run", *root.options, "sh", "-c", script)
    assert done.stdout == "1\n1\n", done.stderr
    root.assert_untouched()


def test_several_authorities_are_told_in_one_file(two, operator, stranger, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    done = two.ctl("run", *root.options, "sh", "-c", 'cat "$NODE_EXTRA_CA_CERTS"')
    assert sorted([operator.pem, stranger.pem]) == sorted(
        part + "-----END CERTIFICATE-----\n"
        for part in done.stdout.split("-----END CERTIFICATE-----\n")[:-1])
    root.assert_untouched()


@pytest.mark.parametrize("text,words", [("0" * 64, "no authority has the fingerprint"),
                                        ("0" * 63, "is no fingerprint"),
                                        ("x", "is no fingerprint")])
def test_an_authority_that_is_not_there_is_refused(daemon, text, words):
    done = daemon.ctl("run", "--ca-only", text, "true")
    assert done.returncode == 125
    assert words in done.stderr


def test_the_set_may_change_while_execs_run(own_daemon, operator, stranger, make_rootfs, tmp_path):
    own_daemon.start()
    old, new = make_rootfs("bookworm-ca", "bind"), make_rootfs("bookworm-ca", "overlay")
    first = own_daemon.spawn("run", *old.options, "sh", "-c", "echo up; read x",
                             stdin=subprocess.PIPE)
    assert first.stdout.readline() == "up\n"
    own_daemon.add_authority(stranger)
    assert own_daemon.ctl("authorities", "--reload").returncode == 0

    done = own_daemon.ctl("run", *new.options, *count(stranger))
    assert done.stdout == "1\n", done.stderr
    # Over the tree of the first exec its set holds until it ends.
    done = own_daemon.ctl("run", *old.options, *count(stranger))
    assert done.stdout == "0\n"
    assert "another exec over the same tree trusts other authorities" in done.stderr
    done = own_daemon.ctl("run", *old.options, "--ca", "require", "true")
    assert done.returncode == 125
    assert "wait for its end" in done.stderr

    first.communicate("\n", timeout=PATIENCE)
    done = own_daemon.ctl("run", *old.options, *count(stranger))
    assert done.stdout == "1\n", done.stderr
    for root in (old, new):
        root.assert_untouched()
        root.assert_nothing_of(operator)
        root.assert_nothing_of(stranger)


# ---- explain

def test_explain_tells_masks_variables_and_doubts(daemon, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    (root.tree / "etc").mkdir()
    (root.tree / "etc/alpine-release").write_text("3.20\n")
    plan = daemon.json("explain", *root.options, "--read-only", "--env", "DENO_CERT=/own")
    assert plan["family"] == "debian"
    assert plan["doubts"] == ["file /etc/alpine-release says alpine"]
    assert {s.get("masked") for s in plan["stores"]} == {True}
    told = {v["name"]: v for v in plan["environment"]}
    assert told["SSL_CERT_FILE"]["value"] == BUNDLE
    assert told["DENO_CERT"]["kept"] == "the caller has set DENO_CERT"
