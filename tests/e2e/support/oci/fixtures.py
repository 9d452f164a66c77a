# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of the OCI command line: from support.oci.fixtures import *  # noqa"""
import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from . import comparison
from .command import Runtime
from .jail import Jail

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def jail():
    with Jail() as made:
        made.run(["mkdir", "/sys/fs/cgroup/oci"], check=True)
        yield made


@pytest.fixture(scope="module")
def runtimes(jail):
    """Directories of this module's tests."""
    path = Path(f"/tmp/anchord-oci-{os.getpid()}")
    path.mkdir()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def rt(jail, runtimes):
    directory = runtimes / f"t{next(_numbers)}"
    directory.mkdir()
    probe = Path(os.environ.get("ANCHORD_BIN", "build/dev/bin")) / "oci-probe"
    made = Runtime(jail, directory, probe)
    yield made
    made.finish()
    shutil.rmtree(directory)


def _is_runc_1_1() -> bool:
    try:
        done = subprocess.run([comparison.binary(), "--version"], capture_output=True, text=True)
    except OSError:
        return False
    return done.stdout.startswith("runc version 1.1") and "anchord" not in done.stdout


def better(reason: str):
    """anchor-runc does better here than runc 1.1.5, the model of the other tests."""
    return pytest.mark.skipif(_is_runc_1_1(), reason=f"runc 1.1: {reason}")
