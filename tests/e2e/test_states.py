# SPDX-License-Identifier: Apache-2.0
"""Random states of a store: the native plan declines, or the trees are those of the real tool.

ANCHORD_STATES="SEED N" plays N states from that seed on; `tools/dev states` sets it.
"""
import os

import pytest

from support import oracle, states
from test_differential import (BEYOND_THE_TOOL, NATIVE, SUITES, judge, native,  # noqa: F401
                               pki)

SEED, COUNT = map(int, os.environ.get("ANCHORD_STATES", "1 4").split())


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
    if not different:
        return True, ""
    return True, "\n".join([f"{name}, seed {seed}:", script, *different])


def test_a_random_state_is_declined_or_done_as_the_tool_does(native, pki):  # noqa: F811
    n_native, wrong = 0, []
    for i in range(COUNT):
        was_native, text = disagreement(native, SUITES[i % len(SUITES)], SEED + i, pki["third"])
        n_native += was_native
        wrong += [text] if text else []
        if text:
            print(text, flush=True)
    print(f"{COUNT} states, {n_native} of them native, {len(wrong)} wrong", flush=True)
    assert not wrong, "\n\n".join(wrong)
    assert n_native * 10 > COUNT  # else it shows nothing
