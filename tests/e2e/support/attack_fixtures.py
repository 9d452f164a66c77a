# SPDX-License-Identifier: Apache-2.0
"""
Fixtures of the attacks on anchor-runc: from support.attack_fixtures import jail, stage

Each is tried on the program with sanitizers and on the static one that is packaged.
"""
import itertools
import os
import shutil
from pathlib import Path

import pytest

from support.attacks import Stage
from support.daemon import BIN, PACKAGED
from support.engines.jail import Jail

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def jail(request):
    name = f"anchord-attack-{os.getpid()}-{request.module.__name__}"
    directory = Path("/tmp") / name
    made = Jail(directory, name)
    yield made
    made.close()
    shutil.rmtree(directory)


@pytest.fixture(params=sorted({BIN, PACKAGED}), ids=lambda path: path.parent.name)
def stage(jail, request):
    directory = jail.directory / f"stage{next(_numbers)}"
    directory.mkdir()
    made = Stage(jail, directory, request.param)
    yield made
    made.finish()
    shutil.rmtree(directory)
