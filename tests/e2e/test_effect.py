# SPDX-License-Identifier: Apache-2.0
"""The effect: every TLS client trusts the operator's server while it runs under anchord, whoever it
runs as, and never before or after. What each reads stands in docs/clients.md.

The tables of what was seen are printed at the end of the run.
"""
import os

import pytest

from support import effect, kinds, manifest, rootfs, roots
from support.clients import CLIENTS, GO, GO_CLIENT, JAVA_CLASS, JAVA_SOURCE

SOME = ("curl (OpenSSL)", "openssl s_client", "apt", GO)

# Which clients each root has, or is lent. Debian's curl and apt look for Debian's bundle, which a
# root in SUSE's layout hasn't.
ROOTS = {
    "bookworm-clients": tuple(name for name in CLIENTS if name != "Java"),
    "bookworm-java": ("Java", "openssl s_client", "apt", GO),
    "trixie-ca": SOME,
    "bookworm-rhel": SOME,
    "trixie-rhel": SOME,
    "bookworm-suse": ("openssl s_client", GO),
}


@pytest.fixture(scope="session")
def go_client():
    return roots.make("bookworm-clients") / GO_CLIENT.lstrip("/")


@pytest.fixture(scope="session")
def java_classes(shared_daemon, workspace):
    """A directory with the compiled client."""
    directory = workspace / "classes"
    directory.mkdir()
    (directory / "Get.java").write_text(JAVA_SOURCE)
    done = shared_daemon.ctl(
        "run", "--overlay", f"lower={directory}:{roots.make('bookworm-java')}", "--ca", "off",
        "--mount", f"type=bind,source={directory},destination=/mnt", "javac",
        "-J-XX:-UsePerfData", "/mnt/Get.java")
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="session")
def hosts(workspace):
    """What an engine mounts: most of the roots know no name of their own."""
    file = workspace / "hosts"
    file.write_text("127.0.0.1 localhost\n")
    return file


def lend(source, destination) -> list:
    return ["--mount", f"type=bind,source={source},destination={destination},ro"]


@pytest.mark.parametrize("name", ROOTS)
def test_clients_trust_while_they_run_and_never_before_or_after(daemon, server, operator, name,
                                                                make_rootfs, request):
    root = make_rootfs(name, "overlay")
    options = list(root.options) + lend(request.getfixturevalue("hosts"), "/etc/hosts")
    if name != "bookworm-clients":
        options += lend(request.getfixturevalue("go_client"), GO_CLIENT)
    if "Java" in ROOTS[name]:
        options += lend(request.getfixturevalue("java_classes"), JAVA_CLASS)
    for column, how in effect.COLUMNS.items():
        effect.add(name, column, effect.run_all(daemon, server.url, ROOTS[name], *options, *how))
        root.assert_untouched()
        root.assert_nothing_of(operator)
    assert effect.wrong(name) == []


class Image:
    """An image without a tool, as its own directory or below an overlay."""

    def __init__(self, how, directory, fill):
        directory.mkdir()
        self.root, self.upper, work = (directory / d for d in ("root", "upper", "work"))
        fill(self.root)
        self.options = ["--rootfs", self.root]
        if how == "overlay":
            self.upper.mkdir()
            work.mkdir()
            self.options = ["--overlay", f"lower={self.root},upper={self.upper},work={work}"]
        self.before = manifest.read(directory)
        self.directory = directory

    def assert_untouched(self):
        # The work directory, and the marks of the upper's root, are the kernel's.
        if self.upper.is_dir():
            assert os.listdir(self.upper) == []
        before = {p: e for p, e in self.before.items() if p == "root" or p.startswith("root/")}
        after = {f"root/{p}".removesuffix("/."): e for p, e in manifest.read(self.root).items()}
        assert not manifest.differences(before, after)


@pytest.mark.parametrize("how", rootfs.HOW)
@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_static_program_trusts_in_an_image_without_a_tool(daemon, server, operator, stranger,
                                                            go_client, tmp_path, kind, how):
    image = Image(how, tmp_path / "image", lambda root: kinds.make(
        kinds.KINDS[kind], root, go_client, stranger))
    env = [f"--env={name}={value}" for name, value in kinds.KINDS[kind].env.items()]
    title = f"{kind}, {how}"
    for column, options in effect.COLUMNS.items():
        effect.add(title, column, effect.run_alone(
            daemon, server.url.replace("localhost", "127.0.0.1"), kinds.PROGRAM, *image.options,
            *env, *options))
        image.assert_untouched()
    assert effect.wrong(title, kinds.expected(kind)) == []
