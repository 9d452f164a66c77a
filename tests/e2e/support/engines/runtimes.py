# SPDX-License-Identifier: Apache-2.0
"""The OCI runtimes that engines are given: the one under test, and the one it must equal.

An engine gets a small program of the runtime's name, because most engines can't pass flags on,
and some look at the name.
"""
import os
import shlex
import shutil
from pathlib import Path

from support.daemon import BIN

ANCHOR_RUNC = Path(os.environ.get("ANCHOR_RUNC", BIN / "anchor-runc"))
HAS_TRUST = ANCHOR_RUNC.name == "anchor-runc"
CRUN = Path("/usr/bin/crun")
RUNC = Path("/usr/sbin/runc")

# crun 1.8 insists on each controller that is named, even with no limit, and raises limits for the
# program that it attaches for devices, which root may be denied. No test needs a resource.
STRIPPED = """\
#!/usr/bin/python3 -BES
import json, os, sys
arguments = sys.argv[1:]
if "create" in arguments or "run" in arguments:
    flag = [n for n, a in enumerate(arguments) if a in ("--bundle", "-b")]
    with open(os.path.join(arguments[flag[0] + 1] if flag else ".", "config.json"), "r+") as f:
        config = json.load(f)
        config.get("linux", {{}}).pop("resources", None)
        f.seek(0)
        json.dump(config, f)
        f.truncate()
os.execv({runtime!r}, [{runtime!r}, *arguments])
"""


def _program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


class Runtimes:
    """
    The programs, by name: "crun" and "runc" are the references, "tested" is the runtime under
    test, "by flag" and "by variable" are the same with an authority.
    @directory, which must be empty, also holds what sanitizers report.
    """

    def __init__(self, directory: Path, authority):
        self.directory = directory
        self.authorities = directory / "authorities"
        self.authorities.mkdir(parents=True)
        shutil.copy(authority.certificate, self.authorities)
        self.programs = {
            "crun": _program(directory / "reference/crun", STRIPPED.format(runtime=str(CRUN))),
            "runc": RUNC,
            "tested": self._wrap("tested"),
        }
        if HAS_TRUST:
            self.programs |= {
                "by-flag": self._wrap("by-flag", "--authorities", self.authorities),
                "by-variable": self._wrap("by-variable", ANCHORD_AUTHORITIES=self.authorities),
            }

    def _wrap(self, name: str, *flags, **variables) -> Path:
        log = f"log_path={self.directory}/sanitizer"
        variables = {"ASAN_OPTIONS": log, "UBSAN_OPTIONS": log, "LSAN_OPTIONS": log} | variables
        exports = "".join(f"export {k}={shlex.quote(str(v))}\n" for k, v in variables.items())
        command = shlex.join([str(ANCHOR_RUNC), *map(str, flags)])
        return _program(self.directory / name / ANCHOR_RUNC.name,
                        f'#!/bin/sh\n{exports}exec {command} "$@"\n')

    def sanitizer_reports(self) -> str:
        return "\n".join(p.read_text(errors="replace")
                         for p in sorted(self.directory.glob("sanitizer.*")))
