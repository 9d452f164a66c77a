# SPDX-License-Identifier: Apache-2.0
"""Receipts and plans are as docs/schema says, which says no more and no less than docs/json.md."""
import copy
import json
import re
import subprocess

import pytest

from support import roots, schema
from support.daemon import PATIENCE, wait_until
from test_policy import BUNDLE

DOCUMENT = schema.SCHEMAS.parent / "json.md"
WRITES = f"echo '# mine' >> {BUNDLE}"

# root, options, command, what the receipt must hold: else the case is not the one that it says
SHAPES = {
    "off": ("bookworm-ca", ["--ca", "off"], "true", {"result": "off"}),
    "native": ("bookworm-ca", [], "true", {"result": "installed", "strategy": "native"}),
    "merged": ("bookworm-ca", [], WRITES, {"result": "installed", "undo": "merged"}),
    "killed": ("bookworm-ca", [], "kill -9 $$", {"result": "installed", "undo": "restored"}),
    "required": ("bookworm-ca", ["--ca", "require"], "true", {"mode": "require"}),
    "append": ("bookworm-ca", ["--ca-strategies", "append"], "true", {"strategy": "append"}),
    "no variable": ("bookworm-ca", ["--ca-strategies", "native,drop-in"], "true",
                    {"member": "native"}),
    "create": ("bookworm-minbase", [], "true", {"strategy": "create"}),
    "partial": ("bookworm-minbase", ["--ca-strategies", "drop-in"], "true", {"result": "partial"}),
    "masked": ("bookworm-ca", ["--read-only"], "true", {"store": "masked"}),
    "skipped": ("bookworm-ca", ["--read-only", "--ca-strategies", "append"], "true",
                {"result": "skipped", "undo": None}),
    "kept": ("bookworm-ca", ["--env", "DENO_CERT=/own"], "true", {"variable": "kept"}),
    "helper": ("trixie-ca", [], "true", {"strategy": "helper", "member": "helper"}),
    "java": ("bookworm-java", [], "true", {"kind": "keystore"}),
    "red hat": ("bookworm-rhel", [], "true", {"family": "rhel", "kind": "hashed"}),
    "red hat, no tool": ("bookworm-rhel", ["--ca-strategies", "append"], "true",
                         {"kind": "keystore", "strategy": "append"}),
    "suse": ("bookworm-suse", [], "true", {"family": "suse", "kind": "hash-link"}),
}

PLANNED = ("native", "create", "masked", "helper", "red hat")  # and explained too


def facts(receipt: dict) -> set:
    """What there is to see in a receipt, as (what, word)."""
    trust = receipt["trust"]
    found = {(what, trust.get(what)) for what in ("mode", "result", "family")}
    found |= {("member", name) for name in trust} | {("undo", receipt["undo"].get("result"))}
    for store in trust.get("stores", ()):
        found |= {("strategy", store["strategy"]), ("kind", store["store"])}
        found |= {("store", name) for name in store}
    for variable in trust.get("environment", ()):
        found |= {("variable", name) for name in variable}
    return found


@pytest.fixture
def receipt_of(tmp_path):
    """Run something, whatever its exit status; returns the receipt, checked."""
    def run(daemon, *args):
        file = tmp_path / "receipt"
        done = daemon.ctl("run", f"--receipt={file}", *args)
        assert file.read_text(), done.stderr
        return schema.check("receipt", json.loads(file.read_text()))
    return run


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_as_the_schema_says(daemon, make_rootfs, receipt_of, shape):
    name, options, command, wanted = SHAPES[shape]
    root = make_rootfs(name, "overlay")
    receipt = receipt_of(daemon, *root.options, *options, "sh", "-c", command)
    assert set(wanted.items()) <= facts(receipt), receipt
    if shape in PLANNED:
        plan = daemon.json("explain", *root.options, *options, "/etc/ssl/certs")
        assert plan["family"] == receipt["trust"]["family"]
        assert plan["doubts"] == receipt["trust"]["doubts"]


def test_a_receipt_tells_the_evidence_for_other_families(daemon, make_rootfs, receipt_of):
    root = make_rootfs("bookworm-ca", "overlay")
    (root.tree / "etc").mkdir()
    (root.tree / "etc/alpine-release").write_text("3.20\n")
    trust = receipt_of(daemon, *root.options, "true")["trust"]
    assert (trust["family"], trust["doubts"]) == (
        "debian", ["file /etc/alpine-release says alpine"])


def test_the_default_rootfs_has_a_receipt_of_the_same_shape(daemon, receipt_of):
    receipt = receipt_of(daemon, "true")
    assert receipt["rootfs"] == {"kind": "default", "upper_entries": 0}
    assert daemon.json("explain", "/proc/self")["path"]["type"] == "unreachable"


def test_an_exec_that_shares_has_a_receipt_of_the_same_shape(daemon, make_rootfs, receipt_of):
    root = make_rootfs("bookworm-ca", "overlay")
    first = daemon.spawn("run", *root.options, "sh", "-c", "echo up; read x",
                         stdin=subprocess.PIPE)
    assert first.stdout.readline() == "up\n"
    receipt = receipt_of(daemon, *root.options, "true")
    assert ("result", "shared") in facts(receipt) and receipt["undo"] == {}
    first.communicate("\n", timeout=PATIENCE)


def test_no_authorities_and_a_failed_install_have_the_same_shape(make_daemon_dirs, operator,
                                                                 receipt_of, workspace):
    small = workspace / "schema-small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "small", small], check=True)
    daemon = make_daemon_dirs([])
    try:
        daemon.start()
        for directory in ("upper", "work"):
            (small / directory).mkdir()
        lower = roots.make("bookworm-ca")
        options = ["--overlay", f"lower={lower},upper={small}/upper,work={small}/work"]
        receipt = receipt_of(daemon, *options, "true")
        assert receipt["trust"] == {"mode": "on", "result": "no-authorities"}
        daemon.add_authority(operator)
        assert daemon.ctl("authorities", "--reload").returncode == 0
        receipt = receipt_of(daemon, *options, "true")
        assert {("result", "failed"), ("member", "warnings")} <= facts(receipt)
        daemon.finish()
    finally:
        daemon.destroy()
        wait_until(lambda: subprocess.run(["umount", small]).returncode == 0, 5, "it is unmounted")
        small.rmdir()


# ---- what is wrong is seen

def change(document: dict, path: str, value):
    """A copy with @value in place of a.b.0.c; None removes it."""
    made = at = copy.deepcopy(document)
    *above, last = path.split(".")
    for name in above:
        at = at[int(name) if isinstance(at, list) else name]
    last = int(last) if isinstance(at, list) else last
    if value is None:
        del at[last]
    else:
        at[last] = value
    return made


WRONG = {
    "receipt": [("news", 1), ("trust.news", 1), ("trust.stores.0.news", 1), ("exit.news", 1),
                ("trust.skipped", {}), ("trust.environment.0.news", "x"), ("undo.news", []),
                ("phases_usec.news", 1), ("rootfs.news", 1), ("trust.native.news", "x"),
                ("trust.authorities.0.news", "x"), ("trust.mode", "maybe"),
                ("trust.result", "fine"), ("trust.result", "off"), ("trust.family", "plan9"),
                ("trust.stores.0.store", "shelf"), ("trust.stores.0.strategy", "luck"),
                ("trust.stores.0.masked", False), ("trust.stores.0.path", "etc"),
                ("trust.environment.0.effect", "none"), ("trust.environment.0.kept", "both"),
                ("trust.doubts", None), ("trust.authorities", None), ("trust.native.tool", None),
                ("trust.authorities.0.fingerprint", "AB"), ("exit.code", "0"), ("exit", None),
                ("phases_usec.run", -1), ("undo.result", "maybe"), ("undo.kept", ["/x"]),
                ("rootfs.kind", "default"), ("omitted", "too long")],
    "plan": [("news", 1), ("authorities.0.news", 1), ("authorities.0.file", None),
             ("path.news", 1), ("path.steps.0.news", 1), ("path.steps.0.target", None),
             ("path.type", "link"), ("complete", "yes"), ("rootfs", "mine"), ("doubts", None),
             ("stores.0.strategy", "luck"), ("mount_points", ["x"])],
}


def test_a_wrong_document_is_refused(daemon, make_rootfs, receipt_of):
    root = make_rootfs("bookworm-ca", "overlay")
    documents = {"receipt": receipt_of(daemon, *root.options, "true"),
                 "plan": daemon.json("explain", *root.options, "/bin/sh")}
    accepted = [(name, path, value) for name, cases in WRONG.items() for path, value in cases
                if not schema.errors(name, change(documents[name], path, value))]
    assert not accepted
    with pytest.raises(AssertionError, match="no receipt by docs/schema"):
        schema.check("receipt", {})


# ---- the schemas and docs/json.md

def objects(node):
    """Every description of an object, at any depth."""
    if isinstance(node, dict):
        if "properties" in node and node.get("type") == "object":
            yield node
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from objects(child)


@pytest.mark.parametrize("name", schema.NAMES)
def test_every_object_of_a_schema_is_closed(name):
    found = list(objects(schema.load(name)))
    assert found and all(o.get("additionalProperties") is False for o in found)


def documented(chapter: str) -> str:
    """The text of a chapter of docs/json.md."""
    parts = re.split(r"^## (.*)\n", DOCUMENT.read_text(), flags=re.M)
    return next(text for title, text in zip(parts[1::2], parts[2::2]) if title.startswith(chapter))


def words(text: str) -> set:
    """What stands between backquotes, without the brackets of a list."""
    return {word.replace("[]", "") for word in re.findall(r"`([^`]+)`", text)}


def rows(chapter: str) -> dict:
    """member of a chapter's table -> its meaning"""
    found = re.findall(r"^\| (`.*?) \| (.*) \|$", documented(chapter), re.M)
    return {member: meaning for members, meaning in found for member in words(members)}


def resolve(node: dict, root: dict):
    """(the node that a reference leads to, the schema that it is in)"""
    while "$ref" in node:
        file, _, place = node["$ref"].partition("#/$defs/")
        root = schema.load(file.partition(".")[0]) if file else root
        node = root["$defs"][place]
    return node, root


def members(node: dict, root: dict, prefix=""):
    """(dotted name, its words if it is one of some) of each member, at any depth."""
    node, root = resolve(node, root)
    if "items" in node:
        yield from members(node["items"], root, prefix)
    for inner in node.get("oneOf", ()):
        if "$ref" in inner:
            yield from members(inner, root, prefix)
    for name, inner in node.get("properties", {}).items():
        yield f"{prefix}{name}", {w for w in resolve(inner, root)[0].get("enum", ())}
        yield from members(inner, root, f"{prefix}{name}.")


def is_told(name: str, table: dict) -> bool:
    """By a row of its own, or among the words in the row of what holds it."""
    above, _, last = name.rpartition(".")
    return name in table or last in words(table.get(above, ""))


def row_of(name: str, table: dict) -> str:
    return table.get(name) or table.get(name.rpartition(".")[0], "")


def test_every_member_and_word_of_a_receipt_is_documented():
    table, root = rows("Receipt"), schema.load("receipt")
    found = dict(members(root, root))
    leaves = {name for name in found if not any(other.startswith(f"{name}.") for other in found)}
    assert len(leaves) > 30
    assert not [name for name in leaves if not is_told(name, table)]
    assert not [name for name in table if name not in found], "documented, but not in the schema"
    untold = {name: told - words(row_of(name, table)) for name, told in found.items()
              if name != "trust.family"}
    assert not {name: left for name, left in untold.items() if left}


def test_every_member_of_a_plan_is_documented():
    root = schema.load("plan")
    table, text = rows("Plan"), words(documented("Plan"))
    authorities = words(documented("Authorities"))
    for name in root["properties"]:
        assert name in text or name == "path", name
    assert set(root["$defs"]["authority"]["properties"]) <= authorities
    found = {name for name, _ in members(root["properties"]["path"], root, "path.")}
    assert found == set(table)


def test_every_member_of_info_is_documented(daemon):
    info = daemon.json("info")
    told = words(documented("Info"))
    assert set(info) | set(info["daemon"]) == told - {"-1"}
