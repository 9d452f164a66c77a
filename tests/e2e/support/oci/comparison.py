# SPDX-License-Identifier: Apache-2.0
"""Plays cases in a jail with the runtime under test, crun and runc, and judges it."""
import json
import os
import shutil
import subprocess
from dataclasses import dataclass

from support.daemon import PACKAGED

from . import documents, normal
from .jail import Jail
from .known import TABLE

CRUN, RUNC = shutil.which("crun"), shutil.which("runc", path="/usr/sbin:/usr/bin")


def has_peers() -> bool:
    """The table is about these versions, Debian 12's."""
    for path, version in ((CRUN, "crun version 1.8.1"), (RUNC, "runc version 1.1.")):
        if not path or not subprocess.run([path, "--version"], capture_output=True,
                                          text=True).stdout.startswith(version):
            return False
    return True


@dataclass
class Verdict:
    case: documents.Case
    seen: dict       # name of the runtime -> observation
    stderr: dict
    unknown: list    # (key, crun's, ours, runc's) that no row of the table explains
    used: set        # rows that explained something

    def __str__(self):
        lines = [f"{self.case}: (crun | ours | runc)"]
        lines += [f"  {k}: {_short(c)} | {_short(o)} | {_short(r)}" for k, c, o, r in
                  self.unknown[:25]]
        if len(self.unknown) > 25:
            lines.append(f"  and {len(self.unknown) - 25} more")
        lines += [f"  {name} says: {text.strip()[-300:]}" for name, text in self.stderr.items()
                  if text.strip()]
        return "\n".join(lines)


def _short(value) -> str:
    text = json.dumps(value)
    return text if len(text) < 160 else text[:157] + "..."


def judge(line: dict) -> Verdict:
    case = documents.Case(tuple(map(tuple, line["case"])))
    crun, ours, runc = (line["seen"][name] for name in ("crun", "ours", "runc"))
    for key in ("exit", "create"):
        if crun.get(key) == 255 and "output" in crun:
            crun[key] = 1   # one or the other, by chance
    unknown, used = [], set()
    for key, theirs, our in normal.differences(crun, ours):
        row = next((r for r in TABLE if r.covers(case, key, ours, runc)), None)
        if row:
            used.add(row)
        else:
            unknown.append((key, theirs, our, runc.get(key)))
    return Verdict(case, line["seen"], line["stderr"], unknown, used)


def binary() -> str:
    """The runtime under test."""
    return os.path.abspath(os.environ.get("ANCHOR_RUNC", PACKAGED / "anchor-runc"))


def play(cases, probe: str, ours: str = "", timeout=600) -> list:
    """Verdicts, one a case."""
    work = {"probe": os.path.abspath(probe), "cases": [c.choices for c in cases],
            "runtimes": {"crun": CRUN, "ours": ours or binary(), "runc": RUNC}}
    with Jail() as jail:
        done = jail.module("support.oci.differential", input=json.dumps(work), timeout=timeout)
    verdicts = [judge(json.loads(line)) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(verdicts) != len(cases):
        raise RuntimeError(f"it stopped after {len(verdicts)} cases:\n{done.stderr[-3000:]}")
    return verdicts


def shrink(verdict: Verdict, probe: str, ours: str = "") -> Verdict:
    """The same difference with fewer factors."""
    if len(verdict.case.choices) < 2:
        return verdict
    smaller = [verdict.case.without(f) for f, _ in verdict.case.choices]
    for tried in play(smaller, probe, ours):
        if {k for k, *_ in tried.unknown} & {k for k, *_ in verdict.unknown}:
            return shrink(tried, probe, ours)
    return verdict
