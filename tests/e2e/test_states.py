# SPDX-License-Identifier: Apache-2.0
"""Random states of a store: the native plan declines, or the trees are those of the real tool.

The one exception is a hash link that was wrong before: the tool mends it, and we leave it.

ANCHORD_STATES="SEED N" plays N states from that seed on; `tools/dev states` sets it.
"""
import os
import re

import pytest

from support import oracle, states
from test_differential import (BEYOND_THE_TOOL, NATIVE, SUITES, judge, native,  # noqa: F401
                               pki)

SEED, COUNT = map(int, os.environ.get("ANCHORD_STATES", "1 4").split())


# cacerts/hashed_dir.h: whose hash a link has isn't computed. These tell where one is wrong.
MISNAMED = f"""for l in {oracle.STORE}/????????.[0-9]*; do
    h=$(openssl x509 -noout -subject_hash -in $l) || continue
    [ $h = $(basename ${{l%.*}}) ] || echo $l; done"""
HASH_LINK = re.compile(rf"{oracle.STORE}/[0-9a-f]{{8}}\.\d+\n")


def is_known(judge, layers, different) -> bool:  # noqa: F811
    """Only hash links differ, and before there was one of another hash than its certificate's."""
    done = judge.run(layers, judge.layer(), MISNAMED)
    return bool(done.stdout) and all(HASH_LINK.match(line) for line in different)


def disagreement(native, name, seed, anchor) -> tuple:  # noqa: F811
    """(was it native, what differs)"""
    judge, script = native.judge, states.script(seed)  # noqa: F811
    layers = judge.state(judge.small(name), f"{{ {script}\n}} >/dev/null 2>&1")
    if NATIVE not in native.plan(layers, [anchor]):
        return False, ""
    tools, done = judge.tool(layers, [anchor])
    ours = native.install(layers, [anchor])
    different = oracle.differences(layers, tools, ours, BEYOND_THE_TOOL)
    if done.returncode != 0:
        different.append(f"the tool fails: {done.stderr}")
    if not different or is_known(judge, layers, different):
        return True, ""
    return True, "\n".join([f"{name}, seed {seed}:", script, *different])


def test_a_random_state_is_declined_or_done_as_the_tool_does(native, pki):  # noqa: F811
    n_native, wrong = 0, []
    for seed in range(SEED, SEED + COUNT):
        name = SUITES[seed % len(SUITES)]
        was_native, text = disagreement(native, name, seed, pki["third"])
        n_native += was_native
        wrong += [text] if text else []
        if text:
            print(text, flush=True)
    print(f"{COUNT} states, {n_native} of them native, {len(wrong)} wrong", flush=True)
    assert not wrong, "\n\n".join(wrong)
    assert n_native * 10 > COUNT  # else it shows nothing
