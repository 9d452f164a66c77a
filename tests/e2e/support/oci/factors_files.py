# SPDX-License-Identifier: Apache-2.0
"""What documents differ in: mounts, devices, covered paths."""
from .documents import BUNDLE, SOURCE, Request

# Every option of the runtime-spec.
OPTIONS = """
async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev
nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private
ratime rbind rdev rdiratime relatime remount rexec rnoatime rnodev rnodiratime rnoexec rnorelatime
rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid
rsymfollow runbindable rw shared silent slave strictatime suid symfollow sync unbindable
""".split()
PROPAGATION = "private rprivate slave rslave shared rshared unbindable runbindable".split()
RECURSIVE = [o for o in OPTIONS if o[0] == "r" and o[1:] in OPTIONS and o not in
             ["rbind", *PROPAGATION]] + ["rrelatime"]
SINGLE = ["bind", "rbind", "remount", "iversion", "mand", "defaults", "silent", "symfollow",
          "nosymfollow", "loud", "noiversion", "nolazytime", "nomand"]


def _threes(names) -> list:
    """One document tries three; those that a runtime may refuse are alone."""
    several = [n for n in names if n not in SINGLE + RECURSIVE]
    return [several[i:i + 3] for i in range(0, len(several), 3)] + [
        [n] for n in names if n not in several]


FOR_FILE_SYSTEMS = [o for o in OPTIONS if o not in [*RECURSIVE, *PROPAGATION, "bind", "rbind",
                                                    "remount"]] + ["rro"]


def _bind_options(names):
    def apply(r: Request):
        for i, name in enumerate(names):
            r.mount(f"/m{i}-bind", options=("rbind", name))
            r.mount(f"/m{i}-flags", source=f"{SOURCE}/flags", options=("bind", name))
    return apply


def _tmpfs_options(names):
    def apply(r: Request):
        for i, name in enumerate(names):
            r.mount(f"/m{i}-tmpfs", "tmpfs", "tmpfs", (name, "nosuid"))
    return apply


def _propagation(name):
    def apply(r: Request):
        r.mount("/m-shared", source=f"{SOURCE}/shared", options=("rbind", name))
        r.mount("/m-private", options=("rbind", name))
    return apply


def _mount(*args, **kwargs):
    return lambda r: r.mount(*args, **kwargs)


def _mounts(*mounts):
    def apply(r: Request):
        for args in mounts:
            r.mount(*args)
    return apply


def _idmap(option, **more):
    maps = {"uidMappings": [{"containerID": 0, "hostID": 5000, "size": 1000}],
            "gidMappings": [{"containerID": 0, "hostID": 5000, "size": 1000}]} | more

    def apply(r: Request):
        r.mount("/mapped", options=("rbind", option), **maps)
        r.look("/mapped/file", "/mapped/owned", "/mapped/sub/file")
    return apply


def _idmap_in_user(r: Request):
    from .factors import FACTORS
    FACTORS["user"]["new"](r)
    r.mount("/mapped", options=("rbind", "idmap"))
    r.look("/mapped/file", "/mapped/owned")


def _only(*kept):
    def apply(r: Request):
        r.document["mounts"] = [m for m in r.document["mounts"] if m["destination"] in kept]
    return apply


def _dev(*devices):
    def apply(r: Request):
        r.linux["devices"] = list(devices)
        r.look(*(d["path"] for d in devices))
    return apply


def _device(path, kind="c", major=1, minor=3, **more):
    return {"path": path, "type": kind, "major": major, "minor": minor} | more


def _masked(*paths):
    def apply(r: Request):
        r.linux["maskedPaths"] = list(paths)
        r.look(*paths)
    return apply


def _readonly(*paths):
    def apply(r: Request):
        r.linux["readonlyPaths"] = list(paths)
        r.look(*paths)
    return apply


def _replaced(destination, **changes):
    """A change of one of the base's mounts."""
    def apply(r: Request):
        for mount in r.document["mounts"]:
            if mount["destination"] == destination:
                mount.update(changes)
    return apply


TMPFS = "tmpfs"
FACTORS = {
    "bind option": {" ".join(names): _bind_options(names) for names in _threes(OPTIONS)},
    "tmpfs option": {" ".join(names): _tmpfs_options(names)
                     for names in _threes(FOR_FILE_SYSTEMS)},
    "mount propagation": {name: _propagation(name) for name in PROPAGATION},
    "mount": {
        "nested": _mount("/made/for/it", options=("rbind",)),
        "relative destination": _mount("made"),
        "over a link": _mount("/link"), "over an absolute link": _mount("/abs-link"),
        "through a link": _mount("/link/below"), "over a file": _mount("/etc/file"),
        "through a climbing link": _mount("/climbing/below"),
        "over a climbing link": _mount("/climbing"),
        "over a dangling link": _mount("/dangling"),
        "through a loop": _mount("/loop/x"), "with dots": _mount("/dir/../dir/./x"),
        "with climbing dots": _mount("/../../../../made"), "over the root": _mount("/"),
        "below a file": _mount("/etc/file/x"),
        "a file": _mount("/made-file", source=f"{SOURCE}/tree/file"),
        "a file over a file": _mount("/etc/file", source=f"{SOURCE}/tree/file"),
        "a file over a directory": _mount("/dir", source=f"{SOURCE}/tree/file"),
        "a file, read-only": _mount("/etc/file", source=f"{SOURCE}/tree/file",
                                    options=("bind", "ro")),
        "a link": _mount("/made", source=f"{SOURCE}/tree/link"),
        "a device": _mount("/made-file", source="/dev/null"),
        "a fifo": _mount("/made-file", source=f"{SOURCE}/tree/fifo"),
        "a socket": _mount("/made-file", source=f"{SOURCE}/tree/socket"),
        "missing source": _mount("/made", source=f"{SOURCE}/none"),
        "relative source": _mount("/made", source="inside-bundle"),
        "same twice": _mounts(("/made",), ("/made", "bind", f"{SOURCE}/flags")),
        "one in the other": _mounts(("/made",), ("/made/sub/x", TMPFS, TMPFS, ())),
        "the other way round": _mounts(("/made/x", TMPFS, TMPFS, ()), ("/made",)),
        "type none": _mount("/made", "none", options=("rbind", "ro")),
        "no type": lambda r: r.document["mounts"].append(
            {"destination": "/made", "source": f"{SOURCE}/tree", "options": ["bind"]}),
        "no options": lambda r: r.document["mounts"].append(
            {"destination": "/made", "type": "tmpfs", "source": "tmpfs"}),
        "type only": lambda r: r.document["mounts"].append(
            {"destination": "/made", "type": "tmpfs"}),
        "bind without option": _mount("/made", options=()),
        "unknown option": _mount("/made", TMPFS, TMPFS, ("nonsense",)),
        "unknown type": _mount("/made", "nonsense", "x", ()),
        "ro tmpfs": _mount("/made", TMPFS, TMPFS, ("ro", "nosuid")),
        "tmpfs of a size": _mount("/made", TMPFS, TMPFS,
                                  ("size=1m", "mode=1770", "uid=7", "gid=8", "nr_inodes=99")),
        "ramfs": _mount("/made", "ramfs", "ramfs", ("mode=700",)),
        "overlay": _mount("/made", "overlay", "overlay",
                          (f"lowerdir={SOURCE}/tree", f"upperdir={BUNDLE}/upper",
                           f"workdir={BUNDLE}/work")),
        "overlay, read-only": _mount("/made", "overlay", "overlay",
                                     (f"lowerdir={SOURCE}/tree:{SOURCE}/flags",)),
        "mqueue": _mount("/made", "mqueue", "mqueue", ()),
        "proc elsewhere": _mount("/made", "proc", "proc", ("ro",)),
        "second devpts": _mount("/made", "devpts", "devpts", ("newinstance", "mode=600")),
        "tmpcopyup": _mount("/dir", TMPFS, TMPFS, ("tmpcopyup", "mode=755")),
        "tmpcopyup of owned": _mount("/data", TMPFS, TMPFS, ("tmpcopyup",)),
        "tmpcopyup, read-only": _mount("/data", TMPFS, TMPFS, ("tmpcopyup", "ro")),
        "flags of the source stay": _mount("/made", source=f"{SOURCE}/flags",
                                           options=("bind", "ro")),
        "recursively ro": _mount("/made", options=("rbind", "rro")),
        "ro, not recursively": _mount("/made", options=("rbind", "ro")),
        "many flags": _mount("/made", options=("rbind", "ro", "nosuid", "nodev", "noexec",
                                               "noatime", "rprivate")),
        "idmap": _idmap("idmap"), "ridmap": _idmap("ridmap"),
        "idmap of a user namespace": _idmap_in_user,
        "cgroup": _mount("/sys/fs/cgroup", "cgroup", "cgroup",
                         ("nosuid", "noexec", "nodev", "relatime", "ro")),
        "cgroup, writable": _mount("/sys/fs/cgroup", "cgroup", "cgroup",
                                   ("nosuid", "noexec", "nodev", "relatime")),
        "cgroup2": _mount("/sys/fs/cgroup", "cgroup2", "cgroup2", ("nosuid", "ro")),
        "host's /dev": _mount("/made", source="/dev", options=("rbind", "ro")),
        "over proc": _mount("/proc/made", TMPFS, TMPFS, ()),
        "over a file of proc": _mount("/proc/uptime", source=f"{SOURCE}/tree/file"),
        "over /proc/sys": _mount("/proc/sys", TMPFS, TMPFS, ()),
        "over /dev/null": _mount("/dev/null", source="/dev/zero"),
        "below dev": _mount("/dev/made", source=f"{SOURCE}/tree"),
        "over stdout": _mount("/dev/stdout", source=f"{SOURCE}/tree/file"),
    },
    "mounts": {
        "none": _only(), "proc only": _only("/proc"), "no dev": _only("/proc", "/sys"),
        "no proc": _only("/dev", "/dev/pts", "/sys"), "no pts": _only("/proc", "/dev"),
        "sys writable": _replaced("/sys", options=["nosuid", "noexec", "nodev"]),
        "sys bound": _replaced("/sys", type="bind", source="/sys",
                               options=["rbind", "nosuid", "noexec", "nodev", "ro"]),
        "hidepid": _replaced("/proc", options=["hidepid=2", "gid=7"]),
        "dev read-only": _replaced("/dev", options=["nosuid", "mode=755", "ro"]),
        "dev bound": _replaced("/dev", type="bind", source="/dev", options=["rbind"]),
        "proc bound": _replaced("/proc", type="bind", source="/proc", options=["rbind"]),
        "shm executable": _replaced("/dev/shm", options=["mode=1777", "size=1m"]),
    },
    "devices": {
        "one": _dev(_device("/dev/one")),
        "with mode": _dev(_device("/dev/one", fileMode=0o640, uid=7, gid=8)),
        "mode with type": _dev(_device("/dev/one", fileMode=0o20660)),
        "fifo": _dev({"path": "/dev/fifo", "type": "p", "fileMode": 0o600}),
        "block": _dev(_device("/dev/loop77", "b", 7, 77)),
        "unbuffered": _dev(_device("/dev/one", "u", 1, 5)),
        "nested": _dev(_device("/dev/a/b/c"), _device("/dev/a/d", minor=5)),
        "a default one": _dev(_device("/dev/null", fileMode=0o600, uid=7)),
        "another default one": _dev(_device("/dev/zero", minor=3)),
        "outside dev": _dev(_device("/made-device")),
        "through a link": _dev(_device("/link/device")),
        "climbing": _dev(_device("/dev/../../made-device")),
        "over a file": _dev(_device("/etc/file")),
        "twice": _dev(_device("/dev/one"), _device("/dev/one", minor=5)),
        "bad type": _dev(_device("/dev/one", "x")),
        "kvm": _dev(_device("/dev/kvm", major=10, minor=232, fileMode=0o666)),
    },
    "masked": {
        "none": _masked(), "file": _masked("/etc/file"), "directory": _masked("/dir"),
        "missing": _masked("/none", "/dir/none"), "link": _masked("/link", "/abs-link"),
        "below a file": _masked("/etc/file/x"), "dangling": _masked("/dangling"),
        "climbing": _masked("/climbing"), "device": _masked("/dev/null"),
        "same twice": _masked("/dir", "/dir"), "all of proc's": _masked(
            "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
            "/proc/timer_list", "/proc/timer_stats", "/proc/scsi", "/sys/firmware",
            "/sys/devices/virtual/powercap"),
        "own": _masked("/proc/self/environ"), "relative": _masked("dir"),
    },
    "read-only": {
        "none": _readonly(), "file": _readonly("/etc/file"), "directory": _readonly("/dir"),
        "missing": _readonly("/none"), "link": _readonly("/link"),
        "mount": _readonly("/dev/shm"), "below a file": _readonly("/etc/file/x"),
        "climbing": _readonly("/climbing"), "whole proc": _readonly("/proc"),
        "relative": _readonly("dir"),
    },
}
