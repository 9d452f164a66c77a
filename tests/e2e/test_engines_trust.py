# SPDX-License-Identifier: Apache-2.0
"""Containers of stock engines trust the operator's server while they run, when the runtime has
been given the authority, and what they leave has no trace of it.
"""
from pathlib import Path

import pytest

from support import clients, pki, rootfs
from support.engines import images, layers
from support.engines.buildkit import Build
from support.engines.cases import shell
from support.engines.runtimes import HAS_TRUST

pytestmark = pytest.mark.skipif(not HAS_TRUST, reason="ANCHOR_RUNC is a runtime without trust")

BAD_CERTIFICATE = 60  # curl's exit code
GREETING = f"{pki.GREETING}\n"


@pytest.fixture(scope="module", params=[
    pytest.param("podman", marks=pytest.mark.xdist_group("engines-podman")),
    pytest.param("docker", marks=pytest.mark.xdist_group("engines-docker"))])
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def in_jail(workspace, operator):
    """in_jail(jail) -> the URL of a server in the jail's network"""
    servers = {}

    def make(jail) -> str:
        if jail.init not in servers:
            certificate = operator.issue(jail.directory, "server")
            servers[jail.init] = jail.in_network(lambda: pki.Server(*certificate, clients.PAGES))
        return servers[jail.init].url

    yield make
    for server in servers.values():
        server.close()


@pytest.fixture
def url(engine, in_jail):
    yield in_jail(engine.jail)
    engine.remove_all()


def on_host(play) -> tuple:
    """Options of run: the jail's network."""
    return ("--network", "host", *play.run_options[2:])


def run(play, *command, options=()):
    return play.do("run", "--rm", *on_host(play), *options, images.NAME, *command)


def start(play, *command, options=()) -> str:
    name = play.new_name()
    play.check("run", "--detach", "--name", name, *on_host(play), *options, images.NAME, *command)
    return name


def upper_of(play, name: str) -> Path:
    return Path(play.check("inspect", "--format", "{{.GraphDriver.Data.UpperDir}}", name))


def wait_for_end(play, name: str):
    play.check("wait", name)
    if play.command("version")[0] == "podman":  # its cleanup is a process of its own
        play.check("container", "cleanup", name)


def assert_no_trace(play, name: str, authority):
    assert rootfs.traces_of(upper_of(play, name), authority) == []


@pytest.mark.parametrize("how", ["by-flag", "by-variable", "by-argument"])
@pytest.mark.parametrize("user", ["root", "nobody"])
def test_curl_trusts_the_server(engine, url, how, user):
    seen = run(engine.plays[how], "curl", "-sS", url, options=("--user", user))
    assert (seen.code, seen.stdout, seen.error) == (0, GREETING, ""), seen


def test_curl_refuses_the_server_without_an_authority(engine, url):
    seen = run(engine.plays["tested"], "curl", "-sS", url)
    assert (seen.code, seen.stdout) == (BAD_CERTIFICATE, ""), seen


@pytest.mark.parametrize("options", [("--read-only",), ("--cap-drop", "all"), ("--privileged",),
                                     ("--tmpfs", "/usr/local/share"), ("--pid", "host"),
                                     ("--volume", "/etc/ssl/certs")],
                         ids=lambda options: " ".join(options).strip("-").replace("/", "."))
def test_curl_trusts_the_server_in_a_container_with(engine, url, options):
    seen = run(engine.plays["by-flag"], "curl", "-sS", url, options=options)
    assert (seen.code, seen.stdout, seen.error) == (0, GREETING, ""), seen


def test_exec_trusts_the_server(engine, url, operator):
    play = engine.plays["by-flag"]
    name = start(play, "sleep", "100")
    for options in ((), ("--user", "nobody"), ("--tty",)):
        seen = play.do("exec", *options, name, "curl", "-sS", url)
        assert (seen.code, seen.stdout.strip()) == (0, pki.GREETING), seen
    play.check("kill", name)
    wait_for_end(play, name)
    assert_no_trace(play, name, operator)


@pytest.mark.parametrize("end", ["exit", "stop", "kill", "its own kill"])
def test_nothing_is_left_of_the_authority_after(engine, url, operator, end):
    play = engine.plays["by-flag"]
    wait = {"exit": "", "its own kill": "kill -9 -1; sleep 100"}.get(end, "sleep 100")
    name = start(play, *shell(f"curl -sS {url}; echo >/srv/written; echo ready; {wait}"))
    play.wait_for_log(name, "ready")
    if end == "stop":
        play.check("stop", "--time", "0", name)
    elif end != "exit":
        play.check("kill", name)
    wait_for_end(play, name)
    assert play.do("logs", name).stdout.startswith(GREETING)
    assert_no_trace(play, name, operator)
    left = {str(p.relative_to(upper_of(play, name))) for p in upper_of(play, name).rglob("*")}
    assert "srv/written" in left
    assert not {path for path in left if "ssl" in path or "ca-cert" in path}, left


def test_a_container_that_is_started_again_trusts_again(engine, url, operator):
    play = engine.plays["by-flag"]
    name = start(play, "curl", "-sS", url)
    for times in (1, 2, 3):
        wait_for_end(play, name)
        assert play.do("logs", name).stdout == GREETING * times
        assert_no_trace(play, name, operator)
        if times < 3:
            play.check("start", name)


def test_a_container_that_never_started_has_no_trace(engine, url, operator):
    play = engine.plays["by-flag"]
    name = play.new_name()
    seen = play.do("run", "--name", name, *on_host(play), images.NAME, "/bin/nope")
    assert seen.code == 127
    assert_no_trace(play, name, operator)


def test_a_commit_of_a_running_container_is_used_without_the_runtime(engine, url, operator):
    """What a commit takes of a container that runs is as a reader of its tree sees it."""
    play = engine.plays["by-flag"]
    name = start(play, "sleep", "100")
    play.check("commit", "--pause", name, f"anchord.test/{name}")
    seen = play.do("exec", name, "curl", "-sS", url)
    assert (seen.code, seen.stdout) == (0, GREETING), seen
    plain = engine.plays["tested"]
    seen = plain.do("run", "--rm", *on_host(plain), f"anchord.test/{name}", "true")
    assert seen.code == 0, seen


def test_files_are_copied_into_and_out_of_a_running_container(engine, url):
    play = engine.plays["by-flag"]
    name = start(play, "sleep", "100")
    there, back = play.jail.directory / f"{name}.there", play.jail.directory / f"{name}.back"
    there.write_text("words\n")
    play.check("cp", there, f"{name}:/srv/words")
    assert play.check("exec", name, "cat", "/srv/words") == "words"
    play.check("exec", name, *shell("echo more >>/srv/words"))
    play.check("cp", f"{name}:/srv/words", back)
    assert back.read_text() == "words\nmore\n"
    assert play.do("exec", name, "curl", "-sS", url).code == 0


def write_dockerfile(directory: Path, url: str) -> Path:
    directory.mkdir()
    (directory / "Dockerfile").write_text(
        f"FROM {images.NAME}\nRUN curl -sS {url} >/srv/page; echo $? >>/srv/page\n"
        "RUN update-ca-certificates --fresh\n"
        f"RUN curl -sS {url} >>/srv/page; echo $? >>/srv/page\nCMD cat /srv/page\n")
    return directory


@pytest.mark.parametrize("name,how", [
    pytest.param("podman", {}, marks=pytest.mark.xdist_group("engines-podman")),
    pytest.param("docker", {"buildkit": False}, marks=pytest.mark.xdist_group("engines-docker")),
    pytest.param("docker", {"buildkit": True}, marks=pytest.mark.xdist_group("engines-docker")),
], ids=["podman", "docker", "buildkit"])
@pytest.mark.parametrize("runtime,page", [("by-flag", f"{GREETING}0\n" * 2),
                                          ("tested", f"{BAD_CERTIFICATE}\n" * 2)],
                         ids=["with-an-authority", "without"])
def test_a_build_sees_the_server(request, in_jail, operator, name, how, runtime, page):
    engine = request.getfixturevalue(name)
    play = engine.plays[runtime]
    directory = engine.jail.directory / play.new_name()
    image = play.build(write_dockerfile(directory, in_jail(engine.jail)), network="host", **how)
    plain = engine.plays["tested"]
    seen = plain.do("run", "--rm", *plain.run_options, image)
    assert seen.stdout == page, seen
    archive = directory / "image.tar"
    play.check("save", "--output", archive, image)
    for layer in layers.contents_above_base(archive):
        assert operator.der not in layer
        assert not [line for line in operator.body if line.encode() in layer]
        assert rootfs.OUR_PREFIX.encode() not in layer


@pytest.mark.xdist_group("engines-others")
@pytest.mark.parametrize("how,code", [("by-flag", 0), ("by-variable", 0),
                                      ("tested", BAD_CERTIFICATE)])
def test_ctr(containerd, in_jail, how, code):
    play = containerd.plays[how]
    url = in_jail(containerd.jail)
    seen = play.do("run", "--rm", "--net-host", *play.run_options, f"{images.NAME}:latest",
                   play.new_name(), "curl", "-sS", url)
    assert (seen.code, seen.stdout) == (code, "" if code else GREETING), seen
    name = play.new_name()
    play.check("run", "--detach", "--net-host", *play.run_options, f"{images.NAME}:latest", name,
               "sleep", "100")
    seen = play.do("task", "exec", "--exec-id", "e1", name, "curl", "-sS", url)
    containerd.remove_all()
    assert seen.code == code, seen


@pytest.mark.xdist_group("engines-others")
@pytest.mark.parametrize("how,code", [("by-flag", 0), ("by-variable", 0),
                                      ("tested", BAD_CERTIFICATE)])
def test_buildkitds_calls(buildkit, in_jail, operator, how, code):
    url = in_jail(buildkit.jail)
    build = Build(buildkit.plays[how], shell(f"curl -sS {url}; code=$?; echo >/srv/x; exit $code"),
                  network=True)
    done = build.run()
    assert (done.returncode, done.stdout) == (code, "" if code else GREETING), done.stderr
    at_end = rootfs.traces_of(build.upper, operator)  # buildkitd may unmount before it deletes
    build.delete()
    left = sorted(str(path.relative_to(build.upper)) for path in build.upper.rglob("*"))
    build = Build(buildkit.plays[how], ["sleep", "100"], network=True).start()
    seen = build.exec(["curl", "-sS", url])
    build.kill()
    build.end()
    build.delete()
    assert rootfs.traces_of(build.upper, operator) == at_end == []
    buildkit.remove_all()
    assert seen.returncode == code, seen
    assert left == ["etc", "etc/hosts", "srv", "srv/x"]
