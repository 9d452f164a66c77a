# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the engine tests. An engine is started once for a module, in a jail of its own;
when it has stopped, nothing of it may be there.
"""
import itertools
import os
import shutil

import pytest

from support.engines import images
from support.engines.buildkit import Buildkit
from support.engines.containerd import Containerd
from support.engines.docker import Docker
from support.engines.jail import Jail
from support.engines.podman import Podman
from support.engines.runtimes import Runtimes

_counter = itertools.count(1)


@pytest.fixture(scope="session")
def layer(workspace):
    """The root file system of containers, as a tar."""
    return images.make_layer(workspace / "layer.tar")


def _engine(make, workspace, operator, layer):
    name = f"anchord-jail-{os.getpid()}-{next(_counter)}"
    jail = Jail(workspace / name, name)
    try:
        runtimes = Runtimes(jail.directory / "runtimes", operator)
        engine = make(jail, runtimes)
        engine.load(layer)
        yield engine
        engine.stop()
        left = [*jail.processes().values(),
                *(mount for mount in jail.new_mounts() if mount not in engine.kept_mounts)]
        assert not left, "the engine left:\n" + "\n".join(left)
        assert not runtimes.sanitizer_reports(), runtimes.sanitizer_reports()
    finally:
        jail.close()
        shutil.rmtree(workspace / name)


@pytest.fixture(scope="module")
def podman(workspace, operator, layer):
    yield from _engine(Podman, workspace, operator, layer)


@pytest.fixture(scope="module")
def docker(workspace, operator, layer):
    yield from _engine(Docker, workspace, operator, layer)


@pytest.fixture(scope="module")
def containerd(workspace, operator, layer):
    yield from _engine(Containerd, workspace, operator, layer)


@pytest.fixture(scope="module")
def buildkit(workspace, operator, layer):
    yield from _engine(Buildkit, workspace, operator, layer)
