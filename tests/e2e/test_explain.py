# SPDX-License-Identifier: Apache-2.0
"""What `anchorctl explain PATH` says about a path; the container itself is the oracle."""
import json

import pytest

from support import manifest, roots

NAME = "bookworm-minbase"


@pytest.fixture
def root(make_rootfs):
    """An overlay with links and a loop of its own in the upper."""
    root = make_rootfs(NAME, "overlay")
    (root.tree / "opt").mkdir()
    (root.tree / "opt/tool").symlink_to("/mnt/../mnt/./tool")
    (root.tree / "opt/yin").symlink_to("yang")
    (root.tree / "opt/yang").symlink_to("/opt/yin")
    return root


@pytest.fixture
def data(tmp_path):
    """A directory to bind."""
    (tmp_path / "tool").symlink_to("/bin/sh")
    return tmp_path


@pytest.fixture
def options(root, data):
    return [*root.options, "--mount", f"type=bind,source={data},destination=/mnt"]


def explain(daemon, options, path):
    plan = daemon.json("explain", *options, path)
    assert "complete" in plan, "the rest of the plan is there too"
    return plan["path"]


def inside(daemon, options, *command):
    done = daemon.ctl("run", "--ca", "off", *options, *command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_link_is_told_with_its_mount_and_layer(daemon, root, data, options):
    upper = f"overlay upper '{root.tree}'"
    lower = f"overlay lower 1 '{roots.make(NAME)}'"
    before = manifest.read(root.tree), manifest.read(data)
    path = explain(daemon, options, "/opt/tool")
    assert (manifest.read(root.tree), manifest.read(data)) == before
    steps = [(s["path"], s["type"], s.get("target"), s["mount"], s["layer"])
             for s in path["steps"]]
    assert steps == [
        ("/opt/tool", "link", "/mnt/../mnt/./tool", "/", upper),
        ("/mnt/tool", "link", "/bin/sh", "/mnt", f"bind '{data}'"),
        ("/bin", "link", "usr/bin", "/", lower),
        ("/usr/bin/sh", "link", "dash", "/", lower),
        ("/usr/bin/dash", "file", None, "/", lower),
    ]
    assert (path["asked"], path["resolved"], path["type"]) == ("/opt/tool", "/usr/bin/dash", "file")
    assert inside(daemon, options, "readlink", "-f", "/opt/tool").strip() == path["resolved"]


def test_for_people_a_step_is_a_line(daemon, root, data, options):
    done = daemon.ctl("explain", *options, "/mnt/tool")
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert f"- /mnt/tool  link -> /bin/sh  (mount /mnt, bind '{data}')" in lines
    assert f"- /usr/bin/dash  file  (mount /, overlay lower 1 '{roots.make(NAME)}')" in lines
    assert "resolved: /usr/bin/dash" in lines
    assert "family: debian" in lines


def test_a_relative_path_begins_at_the_root_and_may_be_absent(daemon, root, options):
    path = explain(daemon, options, "opt/none/x")
    assert (path["asked"], path["resolved"]) == ("opt/none/x", "/opt/none/x")
    assert path["steps"] == [{"path": "/opt/none/x", "type": "absent", "mount": "/",
                              "layer": f"overlay upper '{root.tree}'"}]


def test_what_the_kernel_makes_up_is_unreachable(daemon, options):
    path = explain(daemon, options, "/proc/self/exe")
    assert path["type"] == "unreachable"
    assert path["steps"] == [{"path": "/proc/self/exe", "type": "unreachable", "mount": "/proc",
                              "layer": "proc on '/proc'"}]


def test_each_mount_of_the_container_is_known(daemon, options):
    seen = set()
    for line in inside(daemon, options, "cat", "/proc/self/mountinfo").splitlines():
        fields, _, rest = line.partition(" - ")
        place, kind = fields.split()[4], rest.split()[0]
        if place.startswith(("/proc/", "/sys/firmware", "/sys/devices")):
            continue  # masks, on files of the kernel
        step = explain(daemon, options, place)["steps"][-1]
        assert (step["path"], step["mount"]) == (place, place)
        if step["type"] == "unreachable":
            assert step["layer"] == f"{kind} on '{place}'"
        seen.add(place)
    assert seen >= {"/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/sys", "/mnt"}


def test_the_default_rootfs_is_explained_too(daemon):
    step = explain(daemon, [], "/etc/passwd")["steps"][-1]
    assert (step["type"], step["layer"]) == ("file", "overlay lower 1 '/'")


@pytest.mark.parametrize("path,message", [
    ("/opt/yin", "path: resolving '/opt/yin': more than 40 symbolic links"),
    ("/etc/passwd/x", "path: resolving '/etc/passwd/x': '/etc/passwd' is not a directory"),
    ("/" + "x" * 5000, "path: at most 4095 bytes are accepted"),
    ("/\udcff", "field 'path' is not UTF-8 without NUL"),
    ("", "PATH is empty"),
])
def test_a_path_that_cant_be_explained_is_named(daemon, options, path, message):
    done = daemon.ctl("explain", *options, path)
    assert (done.returncode, done.stdout) == (125, "")
    assert message in done.stderr
    error = json.loads(daemon.ctl("explain", "--json", *options, path).stderr)["error"]
    assert message in error["message"]


# The directory as an argument, and what a person reads.

def test_a_root_file_system_may_be_named_without_an_option(daemon):
    tree = roots.make("bookworm-ca")
    plan = daemon.json("explain", "--rootfs", tree)
    assert plan["family"] == "debian"
    assert daemon.json("explain", tree) == plan
    assert daemon.json("explain", f"{tree.name}/", cwd=tree.parent) == plan
    assert daemon.json("explain", tree, "/bin/sh") == \
        daemon.json("explain", "--rootfs", tree, "/bin/sh")
    for elsewhere in (["/usr"], ["/"], ["--overlay", "lower=/", str(tree)],
                      ["--rootfs", tree, str(tree)]):
        assert daemon.json("explain", *elsewhere)["path"]["asked"] == elsewhere[-1]
    for wrong in (["--rootfs", tree, tree, "/bin/sh"], [""], [tree, ""]):
        assert daemon.ctl("explain", *wrong).returncode == 125, wrong


def explained_text(daemon, *options) -> list:
    done = daemon.ctl("explain", *options)
    assert done.returncode == 0, done.stderr
    return [line.strip().removeprefix("- ") for line in done.stdout.splitlines()]


def test_the_text_tells_family_stores_strategies_and_variables(daemon, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    lines = explained_text(daemon, *root.options, "--env", "SSL_CERT_FILE=/mine")
    assert lines[:3] == ["family: debian", "evidence: os-release ID=debian", "stores:"]
    at = lines.index("path: /etc/ssl/certs/ca-certificates.crt")
    assert lines[at + 1:at + 3] == ["store: bundle", "strategy: native"]
    at = lines.index("native:")
    assert lines[at + 1].startswith("tool: 20230311")
    at = lines.index("name: SSL_CERT_FILE")
    assert lines[at + 2] == "kept: the caller has set SSL_CERT_FILE"
    assert "subject: CN = operator" in lines and "complete: yes" in lines


def test_the_text_tells_which_guard_fired(daemon, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    tool = root.path("/usr/sbin/update-ca-certificates")
    tool.parent.mkdir(parents=True)
    tool.write_bytes((roots.make("bookworm-ca") / "usr/sbin/update-ca-certificates").read_bytes()
                     + b"# mine\n")
    tool.chmod(0o755)
    lines = explained_text(daemon, *root.options)
    assert [x for x in lines if x.startswith("declined: '/usr/sbin/update-ca-certificates' is of")]
    assert lines[lines.index("path: /etc/ssl/certs/ca-certificates.crt") + 2] == "strategy: helper"


def test_the_text_tells_doubts_masks_and_what_is_skipped(daemon, make_rootfs):
    root = make_rootfs("bookworm-ca", "overlay")
    rhel = root.path("/etc/redhat-release")
    rhel.parent.mkdir()
    rhel.write_text("Fedora\n")
    lines = explained_text(daemon, *root.options, "--read-only")
    assert [x for x in lines[lines.index("doubts:"):] if "redhat-release" in x]
    at = lines.index("path: /etc/ssl/certs/ca-certificates.crt")
    assert "masked: yes" in lines[at:at + 5]
    refused = explained_text(daemon, *root.options, "--read-only", "--ca-strategies", "append")
    assert "skipped:" in refused and [x for x in refused if x.startswith("reason: ")]
