# SPDX-License-Identifier: Apache-2.0
"""Fixtures. Roots, authorities and one daemon are shared; what a test writes to is its own."""
import itertools
import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support import clients, effect, manifest, pki, roots, rootfs  # noqa: E402
from support.copies import Copies, pristine  # noqa: E402
from support.daemon import Daemon  # noqa: E402
from support.engines.fixtures import (  # noqa: E402, F401
    buildkit, containerd, docker, layer, podman)

_counter = itertools.count(1)


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than ten seconds")
    if os.geteuid() != 0:
        pytest.exit("these tests make containers: run them as root", returncode=2)


def pytest_sessionfinish(session):
    """Where tests run in several processes, each hands over what it has seen."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["effect"] = effect.TABLES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    effect.TABLES.update(getattr(node, "workeroutput", {}).get("effect", {}))


def pytest_terminal_summary(terminalreporter):
    if effect.TABLES:
        terminalreporter.section("who trusts the operator's server, and when")
        for line in effect.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def workspace():
    """On the disk of the cached roots, so that copies can share blocks with them."""
    path = roots.CACHE / f"work-{os.getpid()}"
    path.mkdir(parents=True)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def volatile():
    """On a tmpfs."""
    path = Path(f"/dev/shm/anchord-e2e-{os.getpid()}")
    path.mkdir()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def operator(workspace):
    """The operator's authority, which the daemon installs."""
    (workspace / "pki").mkdir()
    return pki.Authority(workspace / "pki", "operator")


@pytest.fixture(scope="session")
def stranger(workspace, operator):
    """An authority that only a user process knows."""
    return pki.Authority(workspace / "pki", "stranger")


@pytest.fixture(scope="session")
def server(workspace, operator):
    """An HTTPS server that the operator's authority vouches for."""
    server = pki.Server(*operator.issue(workspace / "pki", "server"), clients.PAGES)
    yield server
    server.close()


@pytest.fixture(scope="session")
def make_daemon_dirs(workspace, volatile):
    def make(authorities) -> Daemon:
        name = f"anchord-e2e-{os.getpid()}-{next(_counter)}"
        return Daemon(workspace / name, volatile / name, name, authorities)
    return make


@pytest.fixture(scope="session")
def shared_daemon(make_daemon_dirs, operator):
    daemon = make_daemon_dirs([operator])
    try:
        daemon.start()
        for trust in ("on", "off"):  # what is opened once and kept is open after this
            daemon.ctl("run", "--ca", trust, "true")
        daemon.remember_fds()
        yield daemon
        daemon.finish()
    finally:
        daemon.destroy()


@pytest.fixture
def daemon(shared_daemon):
    """The shared daemon; after each test nothing of it may be left anywhere."""
    if shared_daemon.process.poll() is not None:  # an earlier test killed it: report it once
        shared_daemon.start()
    yield shared_daemon
    assert shared_daemon.process.poll() is None, f"anchord died:\n{shared_daemon.log()[-4000:]}"
    shared_daemon.assert_clean()


@pytest.fixture
def own_daemon(make_daemon_dirs, operator):
    """A daemon of the test's own, not started; it must end clean like the shared one."""
    daemon = make_daemon_dirs([operator])
    try:
        yield daemon
        daemon.finish()
    finally:
        daemon.destroy()


@pytest.fixture(scope="session")
def copies(workspace):
    return Copies(workspace / "copies")


@pytest.fixture
def make_rootfs(workspace, copies):
    """make_rootfs(name, how) -> Rootfs; removed when the test ends."""
    made = []

    def make(name: str, how: str) -> rootfs.Rootfs:
        made.append(rootfs.Rootfs(name, how, workspace / f"root-{next(_counter)}", copies))
        return made[-1]

    yield make
    for root in made:
        root.remove()


@pytest.fixture(scope="session", autouse=True)
def cached_roots_stay_untouched():
    """Overlays use the cached roots as lower layers: no test may change them."""
    before = {name: pristine(name) for name in rootfs.NAMES}
    yield
    for name in rootfs.NAMES:
        difference = manifest.differences(before[name], manifest.read(roots.make(name)))
        assert not difference, f"{name}:\n" + "\n".join(difference)
