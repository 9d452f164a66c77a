# SPDX-License-Identifier: Apache-2.0
"""Where a runtime may differ from crun 1.8.1, by name: which key, in which cases, why.

What it does there is bound, too, by @like: the same as runc 1.1.5, or the whole container must work
or be refused. Only where none of these can be said it is free.
"""
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .factors_files import RECURSIVE, SINGLE

RUNC, WORKS, REFUSED, FREE = "as runc does", "it works", "it is refused", "free"


@dataclass(frozen=True)
class Known:
    keys: tuple           # patterns of keys of an observation
    reason: str
    like: str = RUNC
    cases: tuple = ()     # (factor, value...) of which one must be chosen; none: all cases

    def covers(self, case, key: str, ours: dict, runc: dict) -> bool:
        return (self._allows(key, ours, runc)
                and (not self.cases or any(case.has(*c) for c in self.cases))
                and any(fnmatchcase(key, pattern) for pattern in self.keys))

    def _allows(self, key, ours, runc) -> bool:
        code = ours.get("create") or ours.get("exit")
        if self.like == RUNC:   # which may be unable to run it at all
            return ours.get(key) == runc.get(key) or ("output" in runc and "output" not in ours)
        if self.like == REFUSED:
            return code == 1 and "output" in ours and not ours["left"] and "timeout" not in ours
        if self.like == WORKS:
            return "output" not in ours and not ours["left"]
        return True


ALL = ("*",)
OWN_WAYS = ("probe dev /dev/core *", "probe fds [012] *", "probe mounts * flags")
CRUN_REFUSES = (
    ("stdin", "closed"), ("cgroups path", "with dots"), ("personality", "bad"),
    ("malformed", "no version", "version 2", "version 1.2"), ("mount", "over a dangling link"),
    ("bind option", *RECURSIVE), ("tmpfs option", *SINGLE))

OURS = (
    Known(ALL, "crun needs what the specification doesn't", WORKS,
          (("namespaces", "minimal"), ("malformed", "no mounts"))),
    Known(ALL, "crun 1.8.1 and runc 1.1.5 can't", WORKS,
          (("time",), ("propagation", "runbindable"), ("mount", "bind without option"),
           ("bind option", "ratime", "rnostrictatime", "rdev"))),
    Known(ALL, "a capability that the caller lacks isn't given", WORKS,
          (("capabilities", "not ours"),)),
    Known(ALL, "what isn't there needs no cover", WORKS,
          (("masked", "below a file"), ("read-only", "below a file"))),
    Known(ALL, "run has no terminal to copy to, the container has one", WORKS,
          (("malformed", "terminal without console"),)),
    Known(ALL, "runc and crun hand over what they have open themselves", REFUSED,
          (("called with", "--preserve-fds, missing"),)),
    Known(ALL, "the specification wants an error", REFUSED, (("rlimits", "twice"),)),
    Known(ALL, "paths are absolute, a umask has nine bits", REFUSED,
          (("masked", "relative"), ("read-only", "relative"),
           ("process user", "umask too large"))),
    Known(ALL, "crun takes what is no document, or passes on what has no meaning", REFUSED,
          (("env", "without value", "odd"), ("cwd", "relative"), ("root", "a link"),
           ("propagation", "nonsense"), ("malformed", "uid is text"),
           ("devices", "bad type"))),
    Known(ALL, "sysfs belongs to the network's owner; crun binds the host's in its place", REFUSED,
          (("user", "host's network"),)),
    Known(("files*", "hooks"), "where it fails decides what was made by then", REFUSED),
    Known(("probe mounts /sys/firmware *", "probe mounts /proc/* *", "probe mounts /dir* *"),
          "what covers a directory has nosuid, nodev and noexec, too, and no text as its source",
          FREE),
    Known(("probe look * fs_flags",), "so it has to be seen there", FREE, (("masked",),)),
    Known(("probe order of mounts",), "no order is promised; what is below what is compared",
          FREE),
    Known(("probe keyring",), "name and rights of the session keyring", FREE),
    Known(("probe process processes",), "processes of the host come and go", FREE,
          (("mounts", "proc bound"),)),
    Known(("probe fds 0 access",), "the caller's /dev/null stays its stdin", FREE),
    Known(("probe mounts /m?-flags options", "probe look /m?-flags* fs_flags"),
          "flags that a source has stay, unless an option takes them away", FREE,
          (("bind option",),)),
    Known(("probe mounts /made options", "probe look /made* fs_flags"), "the same", FREE,
          (("mount", "flags of the source stay"),)),
    Known(("probe look /data [ug]id",), "tmpcopyup copies the owner, too", FREE,
          (("mount", "tmpcopyup of owned", "tmpcopyup, read-only"),)),
    Known(("probe look /mapped*", "probe mounts /mapped*"),
          "crun binds only the topmost mount when it maps ids", FREE,
          (("mount", "idmap", "ridmap", "idmap of a user namespace"),)),
    Known(("files rootfs/made* new mode",), "a file to mount on isn't executable", FREE,
          (("mount",),)),
    Known(("files*",), "what can't be mounted leaves no mount point", FREE,
          (("bind option", "remount"), ("mount", "unknown option", "unknown type"))),
    Known(("probe calls unknown",), "calls that are younger than the filter are ENOSYS", FREE,
          (("seccomp", "default errno 1"),)),
    Known(("probe * /dev/null *", "probe fds 0 uid"), "the document's owner of /dev/null", FREE,
          (("devices", "a default one"),)),
    Known(("probe mounts * flags", "probe look * fs_flags"), "the kernel forgot mand", FREE,
          (("tmpfs option", "mand"),)),
    Known(("probe fds 0 uid",), "the container's /dev/null stays root's", FREE),
    Known(("at hooks createContainer * env", "at inner hooks * env"),
          "crun and runc add a variable of their own", FREE, (("hooks",),)),
    Known(("at hooks*", "at inner hooks*"), "others fail before, at a new time namespace", FREE,
          (("time",),)),
    Known(("output",), "it may have run by then", FREE, (("hooks", "poststart fails"),)),
    Known(("probe mounts /made flags",), "layers are handed over by descriptors", FREE,
          (("mount", "overlay", "overlay, read-only"),)),
    Known(("probe machine", "probe personality"), "runc 1.1.5 ignores the personality", WORKS,
          CRUN_REFUSES),
    Known(OWN_WAYS, "as in every case, where crun shows nothing", FREE, CRUN_REFUSES),
)

CRUN = (
    Known(ALL, "crun 1.8.1 refuses what runc takes", cases=CRUN_REFUSES),
    Known(ALL, "crun overlooks the end of a hook, one in a hundred, and waits for its timeout",
          cases=(("hooks", "with timeouts"),)),
    Known(ALL, "crun ignores hooks that fail late", cases=(
        ("hooks", "poststart fails", "poststop fails"),)),
    Known(("files * new mode",), "crun makes mount points with modes 1755 and 700"),
    Known(("* /dev/core *", "files rootfs/dev/core*"), "crun adds a link of its own"),
    Known(("probe mounts * options", "probe look * fs_flags"),
          "crun loses nosuid, nodev, noexec of a mount that it binds again to make it read-only, "
          "or that a bind's source has"),
    Known(("probe mounts * flags",), "crun makes the mount read-only, not the file system"),
    Known(("probe mounts *", "probe look *"),
          "a masked file is the host's /dev/null, or the container's",
          cases=(("masked",), ("read-only",))),
    Known(("probe mounts /proc/* *", "probe mounts /sys/* *"),
          "a masked file is the host's /dev/null, or the container's"),
    Known(("probe fds [012] *",), "run: streams are the caller's, or copied by the runtime"),
    Known(("at hooks * signals", "at hooks * status SigBlk", "at inner hooks * signals",
           "at inner hooks * status SigBlk"), "crun runs hooks with its own signal mask"),
    Known(("at hooks * env",), "crun's hooks get what crun sets for itself"),
    Known(("at hooks * state *", "at inner hooks * state *", "at hooks * cwd"),
          "crun says created before it is, has no pid inside, and the bundle is /"),
    Known(("states",), "crun's rootfs in a state is as it stands in the document"),
    Known(("left",), "crun leaves an empty cgroup when it fails"),
    Known(("probe dev /dev/null [ug]id", "probe look /dev/null [ug]id", "probe fds 0 uid"),
          "crun gives the container's /dev/null, as stdin, to the user"),
    Known(("probe mounts *", "probe look *", "probe dev *"),
          "crun moves mounts into a user namespace from outside, and only the topmost of a bind",
          cases=(("user",), ("mount", "idmap of a user namespace"))),
    Known(("probe env",), "HOME of who has no line in passwd: / or nothing"),
    Known(("probe groups", "probe status Groups"), "crun keeps a group that is named twice"),
    Known(("probe mounts * propagation",), "crun 1.8.1 forgets the propagation of a bind"),
    Known(("probe look * mode",), "a tmpfs over a directory has the directory's mode, or 1777"),
    Known(("probe mounts /sys/fs/cgroup source",), "a name without meaning"),
    Known(("probe mounts * source",), "none, or the type", cases=(("mount", "type only"),)),
)

TABLE = OURS + CRUN
