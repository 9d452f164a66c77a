# SPDX-License-Identifier: Apache-2.0
"""What documents differ in: the process."""
from .documents import DOCKER_CAPABILITIES, Request

KINDS = ("bounding", "effective", "permitted", "inheritable", "ambient")


def _sets(**values):
    return lambda r: r.process.update(values)


def _root(**values):
    return lambda r: r.document["root"].update(values)


def _capabilities(**sets):
    def apply(r: Request):
        r.process["capabilities"] = {kind: ["CAP_" + n for n in names.split()]
                                     for kind, names in sets.items()}
        r.arguments.append("calls")
    return apply


def _no_capabilities(r: Request):
    r.process.pop("capabilities")


def _user(uid, gid, **more):
    return _sets(user={"uid": uid, "gid": gid} | more)


def _user_with(names, **more):
    """A user that isn't root; capabilities in all five sets."""
    def apply(r: Request):
        r.process["user"] = {"uid": 1000, "gid": 1000} | more
        r.process["capabilities"] = {kind: ["CAP_" + n for n in names.split()] for kind in KINDS}
        r.arguments.append("calls")
    return apply


def _limits(*limits):
    return _sets(rlimits=[{"type": "RLIMIT_" + t, "soft": soft, "hard": hard}
                          for t, soft, hard in limits])


def _args(*args):
    return _sets(args=list(args))


def _cwd(path):
    def apply(r: Request):
        r.process["cwd"] = path
        r.look(path)
    return apply


def _personality(domain, **more):
    return lambda r: r.linux.update(personality={"domain": domain} | more)


def _ending(word):
    return lambda r: r.arguments.append(word)


def _without(*keys):
    def apply(r: Request):
        at = r.document
        for key in keys[:-1]:
            at = at[key]
        at.pop(keys[-1], None)
    return apply


def _set_at(value, *keys):
    def apply(r: Request):
        at = r.document
        for key in keys[:-1]:
            at = at.setdefault(key, {})
        at[keys[-1]] = value
    return apply


def _add_capability(name):
    return lambda r: r.process["capabilities"].update(
        {kind: DOCKER_CAPABILITIES + [name] for kind in ("bounding", "effective", "permitted")})


INFINITY = 18446744073709551615

FACTORS = {
    "capabilities": {
        "absent": _no_capabilities,
        "none": _capabilities(bounding="", effective="", permitted=""),
        "one": _capabilities(bounding="CHOWN", effective="CHOWN", permitted="CHOWN"),
        "bounding only": _capabilities(bounding="CHOWN KILL"),
        "inheritable": _capabilities(bounding="CHOWN KILL", effective="CHOWN KILL",
                                     permitted="CHOWN KILL", inheritable="KILL"),
        "ambient": _capabilities(bounding="CHOWN KILL", effective="CHOWN KILL",
                                 permitted="CHOWN KILL", inheritable="KILL", ambient="KILL"),
        "permitted, not effective": _capabilities(bounding="CHOWN KILL", effective="KILL",
                                                  permitted="CHOWN KILL"),
        "sys_admin": _add_capability("CAP_SYS_ADMIN"),
        "unknown": _add_capability("CAP_NO_SUCH"),
        "not ours": _add_capability("CAP_SYS_RESOURCE"),
        "lower case": _add_capability("cap_sys_admin"),
    },
    "process user": {
        "1000": _user(1000, 1000), "1000:0": _user(1000, 0), "0:1000": _user(0, 1000),
        "groups": _user(1000, 1000, additionalGids=[5, 20, 4294967294]),
        "root's groups": _user(0, 0, additionalGids=[1, 2, 3, 2]),
        "umask 077": _user(0, 0, umask=0o077), "umask 0": _user(1000, 1000, umask=0),
        "umask too large": _user(0, 0, umask=0o1777),
        "nobody": _user(65534, 65534), "high": _user(4000000000, 4000000000),
        "with ambient capabilities": _user_with("CHOWN NET_RAW"),
        "with one, not bounding": _user_with("KILL", additionalGids=[7]),
        "username": _user(0, 0, username="nobody"),
    },
    "no new privileges": {"on": _sets(noNewPrivileges=True), "off": _sets(noNewPrivileges=False)},
    "rlimits": {
        "files": _limits(("NOFILE", 1024, 1024)), "soft below": _limits(("NOFILE", 512, 1024)),
        "core": _limits(("CORE", 0, 0)), "processes": _limits(("NPROC", 1000, 2000)),
        "several": _limits(("STACK", 1 << 20, 1 << 23), ("MEMLOCK", 65536, 65536),
                           ("MSGQUEUE", 1000, 1000), ("FSIZE", 1 << 30, 1 << 30),
                           ("SIGPENDING", 100, 100), ("NICE", 0, 0), ("RTPRIO", 0, 0),
                           ("LOCKS", 10, 10), ("RTTIME", 10**6, 10**6), ("DATA", 1 << 32, 1 << 32),
                           ("RSS", 1 << 32, 1 << 32), ("CPU", 100, 100)),
        "unlimited": _limits(("CORE", INFINITY, INFINITY), ("CPU", INFINITY, INFINITY)),
        "raised": _limits(("NOFILE", 1 << 19, 1 << 19)),
        "soft above hard": _limits(("NOFILE", 1024, 512)),
        "unknown": _limits(("NONSENSE", 1, 1)),
        "twice": _limits(("NOFILE", 1024, 1024), ("NOFILE", 512, 512)),
    },
    "oom": {"0": _sets(oomScoreAdj=0), "500": _sets(oomScoreAdj=500),
            "1000": _sets(oomScoreAdj=1000), "-500": _sets(oomScoreAdj=-500),
            "1001": _sets(oomScoreAdj=1001)},
    "args": {
        "looked up": _args("oci-probe", "b c", ""), "relative": _args("./oci-probe"),
        "unicode": _args("/oci-probe", "grün", "\t\n\"'\\"), "link": _args("/bin/probe-link"),
        "many": _args("/oci-probe", *[str(i) for i in range(500)]),
    },
    "failure": {
        "no such file": _args("/none"), "no such command": _args("none"),
        "not executable": _args("/etc/file"), "a directory": _args("/dir"),
        "a loop": _args("/loop"), "below a file": _args("/etc/file/x"),
        "no interpreter": _args("/bin/no-interpreter"), "script": _args("/bin/script"),
        "garbage": _args("/bin/garbage"), "empty command": _args(""), "no args": _args(),
        "not executable in PATH": _args("file-in-path"),
    },
    "env": {
        "none": _sets(env=[]), "absent": _without("process", "env"),
        "twice": _sets(env=["PATH=/bin:/", "X=1", "X=2", "Y="]),
        "home": _sets(env=["PATH=/", "HOME=/dir"]), "without value": _sets(env=["PATH=/", "NAME"]),
        "odd": _sets(env=["PATH=/", "=x", "A=b=c", "ü=ö", "N=line\nline"]),
    },
    "cwd": {"a directory": _cwd("/dir"), "missing": _cwd("/made/for/it"), "a link": _cwd("/link"),
            "private": _cwd("/private"), "a file": _cwd("/etc/file"), "relative": _cwd("dir"),
            "in a mount": _cwd("/dev/shm"), "with dots": _cwd("/dir/../dir/./deep/"),
            "proc": _cwd("/proc/self/fd"), "empty": _cwd("")},
    "root": {"readonly": _root(readonly=True), "absolute": _root(path="/run/oci/bundle/rootfs"),
             "with slash": _root(path="./rootfs/"), "a link": _root(path="rootfs-link"),
             "missing": _root(path="none"), "a file": _root(path="config.json")},
    "propagation": {p: _set_at(p, "linux", "rootfsPropagation")
                    for p in ("shared", "slave", "private", "unbindable", "rshared", "rslave",
                              "rprivate", "runbindable", "nonsense")},
    "personality": {"LINUX32": _personality("LINUX32"), "LINUX": _personality("LINUX"),
                    "bad": _personality("BSD")},
    "end": {"exit 1": _ending("exit=1"), "exit 42": _ending("exit=42"), "exit 255":
            _ending("exit=255"), "segfault": _ending("fault"), "trap": _ending("trap"),
            "calls": _ending("calls")},
    "malformed": {
        "no process": _without("process"), "no cwd": _without("process", "cwd"),
        "no root": _without("root"), "no linux": _without("linux"),
        "no user": _without("process", "user"), "no version": _without("ociVersion"),
        "version 2": _set_at("2.0.0", "ociVersion"), "version 1.2": _set_at("1.2.0", "ociVersion"),
        "unknown key": _set_at({"a": [1]}, "linux", "unknownKey"),
        "unknown namespace": _set_at([{"type": "mount"}, {"type": "galaxy"}], "linux",
                                     "namespaces"),
        "namespace twice": _set_at([{"type": "mount"}, {"type": "pid"}, {"type": "pid"}], "linux",
                                   "namespaces"),
        "null sections": _set_at(None, "hooks"), "no mounts": _without("mounts"),
        "args are numbers": _sets(args=[1, 2]), "uid is text": _user("0", 0),
        "negative uid": _user(-1, 0), "terminal without console": _sets(terminal=True),
        "windows": _set_at({"layerFolders": ["x"]}, "windows"),
    },
}
