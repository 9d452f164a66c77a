# SPDX-License-Identifier: Apache-2.0
"""The law, played: for every user process E, (install; E; undo) = E alone.

Every action of support/processes.py alone, and seeded sequences of them, on real roots. What may
differ is listed there by name with its reason. The long ring has all roots for single actions and
other sequences: tools/dev law [SEED] [N].
"""
import itertools
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import debs, law as law_module, processes, roots
from test_java import name_of

LONG = "ANCHORD_LAW" in os.environ
SEED, COUNT = (int(word) for word in os.environ.get("ANCHORD_LAW", "1 4").split())
PLACES = [("bookworm-minbase", "overlay"), ("bookworm-minbase", "bind"),
          ("bookworm-ca", "overlay"), ("bookworm-ca", "bind"), ("trixie-ca", "overlay"),
          ("bookworm-java", "overlay"), ("bookworm-rhel", "overlay"),
          ("bookworm-suse", "overlay"), ("bookworm-suse", "bind")]
WORKERS = 2

_counter = itertools.count(1)


@pytest.fixture(scope="module")
def law(shared_daemon, workspace, operator, stranger):
    made = workspace / "debs"
    made.mkdir()
    debs.make(roots.make("bookworm-ca"), "ca-certificates", made)
    directory = workspace / "law"
    directory.mkdir()
    return law_module.Law(shared_daemon, directory, operator, stranger, name_of(operator), made)


def judge_all(law, cases) -> list:
    """cases: (root, how, actions, seed)"""
    def new():
        return law.workspace / f"case-{next(_counter)}"

    def judge(case):
        root, how, actions, seed = case
        lines = law.judge(root, how, actions, new())
        if not lines:
            return ""
        part = law_module.shrink(law, root, how, actions, new)
        if part != actions:
            lines = law.judge(root, how, part, new()) or ["(not again)"]
        text = law_module.report(root, how, part, seed, lines)
        print(text, flush=True)
        return text

    with ThreadPoolExecutor(WORKERS) as pool:
        return [text for text in pool.map(judge, cases) if text]


@pytest.mark.parametrize("root,how", PLACES if LONG else PLACES[:3])
def test_every_action_alone_leaves_what_it_leaves_without_us(daemon, law, root, how):
    cases = [(root, how, (action,), None)
             for action in processes.fitting(root, how == "bind", slow=True)]
    failures = judge_all(law, cases)
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("root,how", PLACES)
def test_sequences_of_actions_leave_what_they_leave_without_us(daemon, law, root, how):
    cases = [(root, how, processes.sequence(seed, root, how == "bind"), seed)
             for seed in range(SEED, SEED + COUNT)]
    failures = judge_all(law, cases)
    assert not failures, "\n".join(failures)
