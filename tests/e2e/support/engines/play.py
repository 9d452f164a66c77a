# SPDX-License-Identifier: Apache-2.0
"""A scenario is played once with each runtime, and what is seen must be the same.

A scenario is a function that takes a Play, works with its containers, and returns what it saw:
records, or anything else that compares.
"""
import difflib
import itertools
import json
import pprint
import time

from support.daemon import PATIENCE, wait_until
from support.engines import images
from support.engines.records import Record, record
from support.engines.runtimes import calls
from support.engines.terminal import run_on_terminal

_counter = itertools.count(1)

# Cgroups that engines make for themselves and keep.
ENGINES_CGROUPS = {"docker", "docker/buildkit", "default", "libpod_parent", "libpod_parent/conmon",
                   "buildkit", "buildah"}


PATIENCE_AFTER = 10  # seconds in which what belongs to removed containers has to be gone


class Play:
    """One engine with one runtime. Each engine says what its commands are."""

    run_options = ()

    def __init__(self, engine, name: str, runtime):
        self.engine, self.name, self.runtime = engine, name, runtime
        self.jail = engine.jail

    def command(self, *args) -> list:
        """The engine's command line for the jail."""
        raise NotImplementedError

    def do(self, *args, env=None, **kwargs) -> Record:
        return record(self.jail.run(self.command(*args),
                                    env=self.engine.environment | (env or {}), **kwargs))

    def check(self, *args, **kwargs) -> str:
        """What must succeed; its output without the last line end."""
        seen = self.do(*args, **kwargs)
        assert seen.code == 0, f"{self.name}: {args}: {seen}"
        return seen.stdout.rstrip("\n")

    def on_terminal(self, *args, prompt: str, typed: str) -> Record:
        """On a terminal, where @typed is typed once @prompt has been shown."""
        code, output = run_on_terminal(self.jail, self.command(*args), self.engine.environment,
                                       prompt, typed)
        return Record(code, output, "")

    # Commands that docker and podman have in common.

    def run(self, *command, options=(), **kwargs) -> Record:
        return self.do("run", "--rm", *self.run_options, *options, images.NAME, *command, **kwargs)

    def start(self, *command, options=()) -> str:
        """Start a container in the background; its name."""
        name = self.new_name()
        self.check("run", "--detach", "--name", name, *self.run_options, *options, images.NAME,
                   *command)
        return name

    def remove(self, name: str) -> Record:
        return self.do("rm", "--force", name)

    def state(self, name: str) -> dict:
        state = json.loads(self.check("inspect", name))[0]["State"]
        return {key: state[key] for key in ("Status", "Running", "Paused", "ExitCode", "OOMKilled")}

    def wait_for_log(self, name: str, text: str):
        wait_until(lambda: text in self.do("logs", name).stdout, PATIENCE, f"{text} is logged")

    def new_name(self) -> str:
        return f"c{next(_counter)}"


def same(plays: dict, scenario, tested="tested", references=("crun", "runc"), also=()):
    """What was seen with the runtime under test, which is the same as with crun, or else as with
    runc: where these two differ, either is right. So is what is in @also.
    """
    result, left = _play(plays[tested], scenario, True)
    differences, is_right = [], result in also
    for name in references:
        if not is_right:  # crun leaves cgroups of failed starts
            reference, _ = _play(plays[name], scenario, False)
            is_right = result == reference
            differences.append(_difference(name, reference, result))
    assert is_right, "\n".join(differences)
    assert not left, "left behind:\n" + "\n".join(left)
    return result


def _difference(name: str, reference, result) -> str:
    texts = [pprint.pformat(value, width=100).splitlines() for value in (reference, result)]
    return "\n".join(difflib.unified_diff(*texts, f"with {name}", "with the runtime under test",
                                          n=1, lineterm=""))


def _play(play: Play, scenario, wait_for_end: bool):
    """(what was seen, what is left behind)"""
    cgroups, n_calls = set(play.jail.cgroups()), len(calls(play.runtime))
    processes = set(play.jail.processes())
    try:
        seen = scenario(play)
    finally:
        play.engine.remove_all()
    assert len(calls(play.runtime)) > n_calls, f"the engine did not call {play.runtime}"
    if not wait_for_end:
        return seen, []
    deadline = time.monotonic() + PATIENCE_AFTER
    while (left := _left(play, cgroups, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen, left


def _left(play: Play, cgroups: set, processes: set) -> list:
    new = set(play.jail.cgroups()) - cgroups - ENGINES_CGROUPS
    return [*(f"cgroup {cgroup}" for cgroup in sorted(new)),
            *(f"process {line}" for pid, line in play.jail.processes().items()
              if pid not in processes)]
