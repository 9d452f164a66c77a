# SPDX-License-Identifier: Apache-2.0
"""anchor-runc does with a document what crun does, in the container and outside.

Each case is a document that crun 1.8.1, anchor-runc and runc 1.1.5 run over equal bundles. Compared
is what the process sees, how it ends, what hooks and callers see, and what is left. Where
anchor-runc differs from crun a row of support/oci/known.py says why.

ANCHORD_OCI="SEED N" plays N combinations from that seed on; `tools/dev oci` sets it.
"""
import os

import pytest

from support.oci import comparison, documents

SEED, COUNT = map(int, os.environ.get("ANCHORD_OCI", "1 40").split())
N_CHUNKS = 8
CASES = documents.all_alone()

needs_peers = pytest.mark.skipif(not comparison.has_peers(),
                                 reason="crun 1.8.1 and runc 1.1 aren't installed")


@pytest.fixture(scope="module")
def probe():
    return os.path.join(os.environ.get("ANCHORD_BIN", "build/dev/bin"), "oci-probe")


def assert_same(cases, probe):
    wrong = [v for v in comparison.play(cases, probe) if v.unknown]
    if "ANCHORD_OCI" in os.environ:
        wrong = [comparison.shrink(v, probe) for v in wrong[:5]] + wrong[5:]
    assert not wrong, f"{len(wrong)} of {len(cases)} differ\n\n" + "\n\n".join(map(str, wrong))


@needs_peers
@pytest.mark.parametrize("chunk", range(N_CHUNKS))
def test_one_thing_is_done_as_crun_does_it(probe, chunk):
    assert_same(CASES[chunk::N_CHUNKS], probe)


@needs_peers
@pytest.mark.parametrize("chunk", range(4))
def test_a_random_combination_is_done_as_crun_does_it(probe, chunk):
    seeds = range(SEED, SEED + COUNT)[chunk::4]
    assert_same([documents.combination(seed) for seed in seeds], probe)
