# SPDX-License-Identifier: Apache-2.0
"""The OCI runtimes that engines are given: the one under test, and the one it must equal.

An engine gets a small program of the runtime's name, because most engines can't pass flags on,
and some look at the name.
"""
import os
import shlex
import shutil
from pathlib import Path

from support.daemon import PACKAGED

ANCHOR_RUNC = Path(os.environ.get("ANCHOR_RUNC", PACKAGED / "anchor-runc"))
HAS_TRUST = ANCHOR_RUNC.name == "anchor-runc"
CRUN = Path("/usr/bin/crun")
RUNC = Path("/usr/sbin/runc")

# What crun 1.8 needs to run where root lacks capabilities: it insists on each that is named. It
# also insists on each controller, even with no limit, and raises limits for the program that it
# attaches for devices. No test needs a resource.
STRIP = """\
import json, os, sys
NAMES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split()
bounding = int(open("/proc/self/status").read().partition("CapBnd:")[2].split()[0], 16)

def edit(path, change):
    with open(path, "r+") as f:
        document = json.load(f)
        change(document)
        f.seek(0)
        json.dump(document, f)
        f.truncate()

def strip_process(process):
    for kind, names in process.get("capabilities", {}).items():
        process["capabilities"][kind] = [
            name for name in names if bounding >> NAMES.index(name[4:]) & 1]

def strip(config):
    config.get("linux", {}).pop("resources", None)
    strip_process(config["process"])

arguments = sys.argv[1:]
for flag, following in zip(arguments, arguments[1:]):
    if flag in ("--bundle", "-b"):
        edit(os.path.join(following, "config.json"), strip)
    elif flag in ("--process", "-p"):
        edit(following, strip_process)
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
