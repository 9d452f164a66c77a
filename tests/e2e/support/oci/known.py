# SPDX-License-Identifier: Apache-2.0
"""Where a runtime may differ from crun 1.8.1, by name: which key, in which cases, why.

With like="runc" what it does must be what runc 1.1.5 does. Without it the row says what ours does
better, and it may be anything.
"""
from dataclasses import dataclass
from fnmatch import fnmatchcase

from . import factors_files


@dataclass(frozen=True)
class Known:
    keys: tuple           # patterns of keys of an observation
    reason: str
    like: str = "runc"
    cases: tuple = ()     # (factor, value...) of which one must be chosen; none: all cases

    def covers(self, case, key, theirs_too: bool) -> bool:
        return ((theirs_too or self.like != "runc")
                and (not self.cases or any(case.has(*c) for c in self.cases))
                and any(fnmatchcase(key, pattern) for pattern in self.keys))


ALL = ("*",)
CRUN_FAILS = "crun 1.8.1 refuses what runc takes"
CRUN_TAKES = "crun 1.8.1 takes what is refused elsewhere"

TABLE = (
    Known(ALL, CRUN_FAILS, cases=(
        ("stdin", "closed"), ("cgroups path", "with dots"), ("personality", "bad"),
        ("malformed", "no version", "version 2", "version 1.2"),
        ("mount", "over a dangling link"),
        ("bind option", *factors_files.RECURSIVE), ("tmpfs option", *factors_files.SINGLE))),
    # crun 1.8.1, everywhere.
    Known(("files * new mode",), "crun makes mount points with modes 1755 and 700"),
    Known(("* /dev/core *", "files rootfs/dev/core*"), "crun adds a link of its own"),
    Known(("probe mounts * options", "probe look * fs_flags"),
          "crun loses nosuid, nodev, noexec of a mount that it binds again to make it read-only, "
          "or that a bind's source has"),
    Known(("probe mounts * flags",), "crun makes the mount read-only, not the file system"),
    Known(("probe mounts *", "order of mounts", "probe order of mounts", "probe look *"),
          "a masked file is the host's /dev/null, or the container's; and they come after the "
          "read-only paths", cases=(("masked",), ("read-only",))),
    Known(("probe mounts /proc/* *", "probe mounts /sys/* *", "probe order of mounts"),
          "a masked file is the host's /dev/null, or the container's"),
    Known(("probe fds [012] *",), "run: streams are the caller's, or copied by the runtime"),
    Known(("probe keyring",), "name and rights of the session keyring"),
    Known(("at hooks * signals", "at hooks * status SigBlk", "at inner hooks * signals",
           "at inner hooks * status SigBlk"), "crun runs hooks with its own signal mask"),
    Known(("at hooks * env",), "crun's hooks get what crun sets for itself"),
    Known(("at hooks * state *", "at inner hooks * state *", "at hooks * cwd"),
          "crun says created before it is, has no pid inside, and the bundle is /"),
    Known(("states",), "crun's rootfs in a state is as it stands in the document"),
    Known(("exit",), "crun: 255 in some failures", cases=(("hooks",), ("time",))),
    Known(("left",), "crun leaves an empty cgroup when it fails"),
    Known(("probe dev /dev/null [ug]id", "probe look /dev/null [ug]id", "probe fds 0 uid"),
          "crun gives the container's /dev/null, as stdin, to the user"),
    Known(("probe dev * [ug]id", "probe look * [ug]id"), "devices in a user namespace",
          cases=(("user",), ("mount", "idmap of a user namespace"))),
    Known(("probe env",), "HOME of who has no line in passwd: / or nothing"),
    Known(("probe groups", "probe status Groups"), "crun keeps a group that is named twice"),
    Known(("probe mounts * propagation",), "crun 1.8.1 forgets the propagation of a bind"),
    Known(("probe look * mode",), "a tmpfs over a directory has the directory's mode, or 1777"),
    Known(("probe mounts /sys/fs/cgroup source",), "a name without meaning"),
    Known(("probe mounts * source",), "none, or the type", cases=(("mount", "type only"),)),
)
