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
STRIP = """\
import json, os, sys
arguments = sys.argv[1:]
if "create" in arguments or "run" in arguments:
    flag = [n for n, a in enumerate(arguments) if a in ("--bundle", "-b")]
    with open(os.path.join(arguments[flag[0] + 1] if flag else ".", "config.json"), "r+") as f:
        config = json.load(f)
        config.get("linux", {}).pop("resources", None)
        f.seek(0)
        json.dump(config, f)
        f.truncate()
"""


class Runtimes:
    """
    The programs, by name: "crun" and "runc" are the references, "tested" is the runtime under
    test, "by-flag" and "by-variable" are the same with an authority. Each notes its calls.
    @directory, which must be empty, also holds what sanitizers report.
    """

    def __init__(self, directory: Path, authority):
        self.directory = directory
        self.authorities = directory / "authorities"
        self.authorities.mkdir(parents=True)
        shutil.copy(authority.certificate, self.authorities)
        (directory / "strip.py").write_text(STRIP)
        self.programs = {
            "crun": self._program("crun", CRUN,
                                  before=f'/usr/bin/python3 -BES {directory}/strip.py "$@"'),
            "runc": self._program("runc", RUNC),
            "tested": self._program("tested", ANCHOR_RUNC),
        }
        if HAS_TRUST:
            self.programs |= {
                "by-flag": self._program("by-flag", ANCHOR_RUNC, "--authorities",
                                         self.authorities),
                "by-variable": self._program(
                    "by-variable", ANCHOR_RUNC,
                    before=f"export ANCHORD_AUTHORITIES={self.authorities}"),
            }

    def _program(self, name: str, runtime: Path, *flags, before="") -> Path:
        path = self.directory / name / runtime.name
        path.parent.mkdir()
        path.write_text(f"""\
#!/bin/sh
echo "$*" >>{self.directory}/{name}/calls
export ASAN_OPTIONS=log_path={self.directory}/sanitizer
export UBSAN_OPTIONS=$ASAN_OPTIONS LSAN_OPTIONS=$ASAN_OPTIONS
{before}
exec {shlex.join([str(runtime), *map(str, flags)])} "$@"
""")
        path.chmod(0o755)
        return path

    def sanitizer_reports(self) -> str:
        return "\n".join(p.read_text(errors="replace")
                         for p in sorted(self.directory.glob("sanitizer.*")))


def calls(program: Path) -> list:
    """The command lines with which a program has been called."""
    notes = program.parent / "calls"
    return notes.read_text().splitlines() if notes.exists() else []
