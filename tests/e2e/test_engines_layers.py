# SPDX-License-Identifier: Apache-2.0
"""What builds and commits make of a container is what its processes did, and nothing else: the
layers that the engine exports are the same as with a runtime that knows no authorities.
"""
import time
from pathlib import Path

import pytest

from support import manifest, rootfs
from support.engines import images, layers
from support.engines.cases import shell
from support.engines.play import same
from support.engines.runtimes import HAS_TRUST

# With an authority: it is there while each step runs, and no layer may have a trace of it.
TESTED = "by-flag" if HAS_TRUST else "tested"

OF_COPIES = ("trusted.overlay.origin", "trusted.overlay.impure")

# Each leaves the same when it is done again, but for the time.
STEPS = {
    "nothing": "true",
    "files": """
        touch -d 2001-02-03 /srv/dated
        mkdir -p /srv/a/b; chmod 2750 /srv/a; chown 12:34 /srv/a/b
        echo words >/srv/a/b/words; chmod 4711 /srv/a/b/words
        ln /srv/a/b/words /srv/hard; ln -s ../words /srv/soft
        mkfifo /srv/fifo; mknod /srv/null c 1 3
        rm /etc/issue; chmod 600 /etc/debian_version
        rm -r /etc/opt /usr/share/keyrings; mkdir /usr/share/keyrings
        mv /etc/profile /etc/profile.old""",
    "the bundle is read": "wc -l /etc/ssl/certs/ca-certificates.crt; ls /etc/ssl/certs | wc -l",
    "files beside the store": """
        echo >/usr/local/share/ca-certificates/README; mkdir /etc/ssl/certs/of-mine
        echo text >/etc/ssl/of-mine""",
    "the store is rebuilt": "update-ca-certificates --fresh",
    "an authority is deselected, and one of the user selected": """
        sed -i 's/^mozilla.GlobalSign/!&/' /etc/ca-certificates.conf
        cd /usr/local/share/ca-certificates
        cp /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt of-mine.crt
        update-ca-certificates""",
    "the bundle is extended": "echo words >>/etc/ssl/certs/ca-certificates.crt",
    "the bundle is replaced": """
        cp /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/new
        mv /etc/ssl/certs/new /etc/ssl/certs/ca-certificates.crt""",
    "the store is removed": "rm -r /etc/ssl/certs /usr/local/share/ca-certificates",
}


def write_dockerfile(directory):
    directory.mkdir(parents=True)
    lines = [f"FROM {images.NAME}"]
    for step in STEPS.values():
        lines.append("RUN " + "; ".join(filter(None, map(str.strip, step.splitlines()))))
    (directory / "Dockerfile").write_text("\n".join(lines) + "\n")
    return directory


def export(play, image: str, since: float) -> list:
    archive = play.jail.directory / f"{play.new_name()}.tar"
    play.check("save", "--output", archive, image)
    play.check("rmi", "--force", image)
    found = layers.read_layers_above_base(archive, since)
    archive.unlink()
    return found


def commit_each_step(play) -> str:
    """A container for each step, from the image that was committed of the one before."""
    image = images.NAME
    for step in STEPS.values():
        name = play.new_name()
        play.check("run", "--name", name, *play.run_options, image, *shell(step))
        image = f"anchord.test/{name}"
        play.check("commit", name, image)
        play.check("rm", name)
    return image


def assert_same_layers(plays, make_image):
    def scenario(play):
        since = time.time()
        return export(play, make_image(play), since)

    seen = same(plays, scenario, TESTED)
    files = [layer for layer in seen if any(path.endswith("srv/dated") for path in layer)]
    assert len(files) == 1, "the steps have done nothing"
    return seen


@pytest.mark.xdist_group("engines-podman")
def test_podman_build(podman):
    context = write_dockerfile(podman.jail.directory / "context")
    assert_same_layers(podman.plays, lambda play: play.build(context))


@pytest.mark.xdist_group("engines-podman")
def test_podman_commit(podman):
    assert_same_layers(podman.plays, commit_each_step)


@pytest.mark.parametrize("buildkit", [False, True], ids=["classic", "buildkit"])
@pytest.mark.xdist_group("engines-docker")
def test_docker_build(docker, buildkit):
    context = write_dockerfile(docker.jail.directory / f"context-{buildkit}")
    assert_same_layers(docker.plays, lambda play: play.build(context, buildkit))


@pytest.mark.xdist_group("engines-docker")
def test_docker_commit(docker):
    assert_same_layers(docker.plays, commit_each_step)


@pytest.mark.parametrize("engine", [
    pytest.param("podman", marks=pytest.mark.xdist_group("engines-podman")),
    pytest.param("docker", marks=pytest.mark.xdist_group("engines-docker"))])
@pytest.mark.parametrize("step,end", [("nothing", "exit"), ("nothing", "kill"),
                                      ("the bundle is read", "kill"),
                                      ("the store is rebuilt", "exit"),
                                      ("the bundle is extended", "kill")])
def test_the_upper_of_a_container_that_has_ended(request, operator, engine, step, end):
    """Not exported: every attribute that is on the disk."""
    def scenario(play):
        since = time.time_ns()
        wait = "" if end == "exit" else "\necho ready; sleep 100"
        name = play.start(*shell(STEPS[step] + wait))
        if end == "kill":
            play.wait_for_log(name, "ready")
            play.check("kill", name)
        play.check("wait", name)
        if engine == "podman":  # its cleanup is a process of its own
            play.check("container", "cleanup", name)
        upper = Path(play.check("inspect", "--format", "{{.GraphDriver.Data.UpperDir}}", name))
        assert rootfs.traces_of(upper, operator) == []
        return {path: layers.without_mode(path, comparable(entry, since))
                for path, entry in manifest.read(upper).items()}

    tree = same(request.getfixturevalue(engine).plays, scenario, TESTED)
    assert ("etc/ssl/certs" in tree) == (step not in ("nothing", "the bundle is read"))


def comparable(entry: manifest.Entry, since: int) -> manifest.Entry:
    """New times are all alike. What overlayfs notes for itself of copies, nobody else reads."""
    xattrs = tuple(xattr for xattr in entry.xattrs if xattr[0] not in OF_COPIES)
    return entry._replace(xattrs=xattrs, mtime_ns=0 if entry.mtime_ns >= since else entry.mtime_ns)
