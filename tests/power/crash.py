# SPDX-License-Identifier: Apache-2.0
"""What a power cut may leave on disks, made from the log of a run (tests/power/disk.py).

A disk holds everything that was written before its last flush. Of what came later it holds any
part: a cache is written back in any order. A block is whole or not there.
"""
import random
from typing import NamedTuple

from disk import Flush, Mark, Write


class Crash(NamedTuple):
    name: str      # what happened, for a person
    position: int  # in the log
    marks: tuple   # texts of the marks that had been passed
    blocks: tuple  # for each disk: block -> content


class Moment:
    """Durable and pending content while walking along a log."""

    def __init__(self, blocks: list):
        self.durable = [dict(of_disk) for of_disk in blocks]
        self.pending = [[] for _ in blocks]
        self.marks = []

    def pass_by(self, entry):
        if isinstance(entry, Write):
            self.pending[entry.disk].append(entry)
        elif isinstance(entry, Flush):
            self.durable[entry.disk].update((w.block, w.data) for w in self.pending[entry.disk])
            self.pending[entry.disk].clear()
        else:
            self.marks.append(entry.text)

    def crash(self, name: str, position: int, keep) -> Crash:
        """keep(i, n): does the i-th of a disk's n pending writes reach it?"""
        blocks = []
        for durable, pending in zip(self.durable, self.pending):
            kept = [w for i, w in enumerate(pending) if keep(i, len(pending))]
            blocks.append({**durable, **{w.block: w.data for w in kept}})
        return Crash(name, position, tuple(self.marks), tuple(blocks))


def crashes(log: list, blocks: list, dice: random.Random, n_random: int, since: str):
    """
    Yields a Crash for each moment at which it matters: before each flush and mark, with all,
    nothing and @n_random random parts of what was pending. @blocks: what the disks held before.
    Moments before the mark @since are left out.
    """
    moment = Moment(blocks)
    n_new = 0  # writes since the last moment that was looked at
    for position, entry in enumerate([*log, Mark("the end")]):
        n_new += isinstance(entry, Write)
        if not isinstance(entry, Write):
            if since in moment.marks and (n_new or isinstance(entry, Mark)):
                yield from _moment(moment, position, dice, n_random)
            n_new = 0
        moment.pass_by(entry)


def _moment(moment: Moment, position: int, dice: random.Random, n_random: int):
    yield moment.crash("all of the cache", position, lambda i, n: True)
    if not any(moment.pending):
        return
    yield moment.crash("nothing of the cache", position, lambda i, n: False)
    for _ in range(n_random):
        if dice.random() < 0.5:
            share = dice.random()
            yield moment.crash("the first part", position, lambda i, n: i < share * n)
        else:
            share = dice.choice((0.1, 0.5, 0.9))
            yield moment.crash("a random part", position, lambda i, n: dice.random() < share)
