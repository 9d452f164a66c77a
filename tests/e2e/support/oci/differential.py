# SPDX-License-Identifier: Apache-2.0
"""In the jail: play cases with two runtimes or three, say where they differ.

Reads {"probe", "runtimes": {name: path}, "cases": [[[factor, value], ...]...]} from its input,
writes one JSON line a case: {"case", "seen": {name: flat}, "stderr": {name: text}}.
"""
import json
import sys

from . import documents, normal, runtime, world


def main():
    work = json.load(sys.stdin)
    runtime.become_reaper()
    holders = world.make(work["probe"])
    host, surroundings = normal.Host(), runtime.Surroundings()
    for choices in work["cases"]:
        case = documents.Case(tuple(map(tuple, choices)))
        line = {"case": case.choices, "seen": {}, "stderr": {}}
        for name, path in work["runtimes"].items():
            raw = runtime.run(path, documents.request(case), surroundings)
            line["stderr"][name] = raw["stderr"]
            line["seen"][name] = normal.observation(raw, host)
        print(json.dumps(line), flush=True)
    for holder in holders:
        holder.kill()


if __name__ == "__main__":
    main()
