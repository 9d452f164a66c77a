# SPDX-License-Identifier: Apache-2.0
"""What documents differ in: FACTORS[factor][value](request) changes a base document."""
from . import factors_files, factors_process
from .calls import SAFE
from .documents import HELD, HOOKS, PROBE, Request


def _namespace(kind, **more):
    return lambda r: r.namespace(kind, **more)


def _off(kind):
    return lambda r: r.no_namespace(kind)


def _held(kind):
    return _namespace(kind, path=f"{HELD}/{kind}")


def _network(change):
    def apply(r: Request):
        change(r)
        r.look("/proc/sys/net/ipv4/ip_forward")
    return apply


def _no_uts(r: Request):
    r.no_namespace("uts")
    del r.document["hostname"]


def _host_pid(r: Request):
    r.no_namespace("pid")


def _time(seconds):
    def apply(r: Request):
        r.namespace("time")
        if seconds is not None:
            r.linux["timeOffsets"] = {"monotonic": {"secs": seconds, "nanosecs": 5},
                                      "boottime": {"secs": 2 * seconds}}
    return apply


def _user(*maps, groups=None, shift=100000, network=True):
    def apply(r: Request):
        r.namespace("user")
        if network:   # else sysfs can't be mounted
            r.namespace("network")
        r.linux["uidMappings"] = [dict(zip(("containerID", "hostID", "size"), m)) for m in maps]
        r.linux["gidMappings"] = [dict(zip(("containerID", "hostID", "size"), m))
                                  for m in groups or maps]
        r.shift = shift
    return apply


def _held_user(r: Request):
    r.namespace("user", path=f"{HELD}/user")
    r.namespace("network")
    r.shift = 100000


def _sysctl(values, *kinds):
    def apply(r: Request):
        r.linux["sysctl"] = values
        for kind in kinds:
            r.namespace(kind)
        r.look(*("/proc/sys/" + k.replace(".", "/") for k in values))
    return apply


def _uts_names(**names):
    def apply(r: Request):
        r.document.pop("hostname")
        r.document.update(names)
    return apply


def _cgroups_path(path):
    def apply(r: Request):
        if path is None:
            del r.linux["cgroupsPath"]
        else:
            r.linux["cgroupsPath"] = path
    return apply


def hook(name, number=0, **more):
    return {"path": PROBE, "args": ["hook-program", "hook", name, HOOKS, str(number)]} | more


def _hooks(*kinds, number=0, **more):
    def apply(r: Request):
        hooks = r.document["hooks"] = {}
        for kind in kinds:
            hooks[kind] = [hook(f"{kind} {i}", number, **more) for i in (1, 2)]
            if kind == "startContainer":
                for h in hooks[kind]:
                    h["path"] = "/oci-probe"
                    h["args"][3] = "/hooks"
    return apply


EVERY_HOOK = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart",
              "poststop")


def _seccomp(**policy):
    def apply(r: Request):
        r.linux["seccomp"] = policy
        r.arguments.append("calls")
    return apply


def _deny(*names, action="SCMP_ACT_ERRNO", **more):
    return {"names": list(names), "action": action} | more


ALLOW = "SCMP_ACT_ALLOW"
X86 = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]


def _annotations(**values):
    def apply(r: Request):
        r.document["annotations"] = {k.replace("_", "."): v for k, v in values.items()}
        r.life = "create"
    return apply


def _life(life):
    def apply(r: Request):
        r.life = life
        if life == "console":
            r.process["terminal"] = True
    return apply


def _console_of_size(r: Request):
    r.life = "console"
    r.process["terminal"] = True
    r.process["consoleSize"] = {"height": 31, "width": 97}


def _terminal_of_user(r: Request):
    r.life = "console"
    r.process["terminal"] = True
    r.process["user"] = {"uid": 1000, "gid": 1000}


def _options(*options, fds=0, **env):
    def apply(r: Request):
        r.options += options
        r.extra_fds = fds
        r.env.update(env)
    return apply


def _stdin(kind):
    return lambda r: setattr(r, "stdin", kind)


def _minimal(r: Request):
    """Nothing but what a document must have."""
    process = {k: r.process[k] for k in ("user", "args", "cwd")}
    r.document = {"ociVersion": "1.0.0", "process": process, "root": {"path": "rootfs"},
                  "linux": {"namespaces": [{"type": "mount"}], "cgroupsPath": "/oci/one"}}


def _bare_namespaces(r: Request):
    r.linux["namespaces"] = [{"type": "mount"}, {"type": "pid"}]
    del r.document["hostname"]


FACTORS = {
    "life": {"create": _life("create"), "console": _life("console"),
             "console of a size": _console_of_size, "console of a user": _terminal_of_user},
    "stdin": {"a pipe": _stdin("pipe"), "a file": _stdin("file"), "closed": _stdin("closed")},
    "called with": {
        "--no-pivot": _options("--no-pivot"),
        "--no-new-keyring": _options("--no-new-keyring"),
        "leaked descriptors": _options(fds=2),
        "--preserve-fds": _options("--preserve-fds", "2", fds=2),
        "--preserve-fds, fewer": _options("--preserve-fds", "1", fds=3),
        "--preserve-fds, missing": _options("--preserve-fds", "3", fds=1),
        "LISTEN_FDS": _options(fds=2, LISTEN_FDS="2"),
        "LISTEN_FDS and --preserve-fds": _options("--preserve-fds", "1", fds=2, LISTEN_FDS="1"),
    },
    "namespaces": {"minimal": _minimal, "mount and pid": _bare_namespaces},
    "pid": {"host's": _host_pid, "joined": _held("pid")},
    "ipc": {"host's": _off("ipc"), "joined": _held("ipc")},
    "uts": {"host's": _no_uts, "host's, hostname": _off("uts"), "joined": _held("uts")},
    "cgroup namespace": {"host's": _off("cgroup"), "joined": _held("cgroup")},
    "network": {"new": _network(_namespace("network")), "joined": _network(_held("network")),
                "missing": _namespace("network", path="/none")},
    "time": {"new": _time(None), "offsets": _time(1000)},
    "user": {
        "new": _user((0, 100000, 65536)),
        "two ranges": _user((0, 100000, 1000), (1000, 200000, 1000)),
        "root is root": _user((0, 0, 65536), shift=0),
        "groups differ": _user((0, 100000, 65536), groups=((0, 100000, 100), (100, 300000, 10))),
        "one id": _user((0, 100000, 1)),
        "host's network": _user((0, 100000, 65536), network=False),
        "joined": _held_user,
        "without maps": lambda r: r.namespace("user"),
    },
    "names": {
        "none": _uts_names(),
        "domainname": _uts_names(hostname="a", domainname="example.org"),
        "long": _uts_names(hostname="h" * 64),
        "too long": _uts_names(hostname="h" * 65),
    },
    "cgroups path": {
        "deep": _cgroups_path("/oci/a/b/c"), "relative": _cgroups_path("oci/rel"),
        "none": _cgroups_path(None), "with dots": _cgroups_path("/oci/../oci/../../x"),
    },
    "sysctl": {
        "net": _sysctl({"net.ipv4.ip_forward": "1"}, "network"),
        "net, slashes": _sysctl({"net/ipv4/ip_forward": "1"}, "network"),
        "net, dotted device": _sysctl({"net.ipv4.conf.lo.forwarding": "1"}, "network"),
        "net of the host": _sysctl({"net.ipv4.ip_forward": "1"}),
        "ipc": _sysctl({"kernel.shm_rmid_forced": "1", "kernel.sem": "100 200 10 5",
                              "fs.mqueue.msg_max": "20"}, "ipc"),
        "domainname": _sysctl({"kernel.domainname": "example.net"}),
        "hostname": _sysctl({"kernel.hostname": "other"}),
        "not of a namespace": _sysctl({"kernel.panic": "7"}),
        "missing": _sysctl({"net.ipv4.no_such": "7"}, "network"),
        "bad value": _sysctl({"net.ipv4.ip_forward": "word"}, "network"),
        "climbing": _sysctl({"net/../kernel/panic": "7"}, "network"),
    },
    "hooks": {
        "all": _hooks(*EVERY_HOOK),
        "environment": _hooks("createRuntime", "poststart", env=["X=1"]),
        "with timeouts": _hooks(*EVERY_HOOK, timeout=5),
    } | {kind: _hooks(kind) for kind in EVERY_HOOK}
      | {f"{kind} fails": _hooks(kind, number=3) for kind in EVERY_HOOK},
    "seccomp": {
        "allows all": _seccomp(defaultAction=ALLOW),
        "architectures": _seccomp(defaultAction=ALLOW, architectures=X86,
                                  syscalls=[_deny("mkdirat", "getpid")]),
        "denies": _seccomp(defaultAction=ALLOW, syscalls=[_deny("mkdirat", "mkdir", "ptrace")]),
        "errno": _seccomp(defaultAction=ALLOW, syscalls=[_deny("mkdirat", errnoRet=38),
                                                         _deny("chroot", errnoRet=0)]),
        "arguments": _seccomp(defaultAction=ALLOW, syscalls=[
            _deny("personality", args=[{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]),
            _deny("unshare", args=[{"index": 0, "value": 0x10000000, "valueTwo": 0x10000000,
                                    "op": "SCMP_CMP_MASKED_EQ"}])]),
        "same argument twice": _seccomp(defaultAction=ALLOW, syscalls=[
            _deny("personality", args=[{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"},
                                       {"index": 0, "value": 0x40000, "op": "SCMP_CMP_EQ"}])]),
        "comparisons": _seccomp(defaultAction=ALLOW, syscalls=[
            _deny("personality", args=[{"index": 0, "value": 8, "op": "SCMP_CMP_GT"}]),
            _deny("socket", args=[{"index": 0, "value": 2, "op": "SCMP_CMP_LE"},
                                  {"index": 1, "value": 3, "op": "SCMP_CMP_GE"}])]),
        "kills": _seccomp(defaultAction=ALLOW, syscalls=[
            _deny("mkdirat", action="SCMP_ACT_KILL_PROCESS"),
            _deny("chroot", action="SCMP_ACT_KILL"),
            _deny("ptrace", action="SCMP_ACT_KILL_THREAD"),
            _deny("bpf", action="SCMP_ACT_TRAP")]),
        "logs and traces": _seccomp(defaultAction=ALLOW, syscalls=[
            _deny("mkdirat", action="SCMP_ACT_LOG"),
            _deny("chroot", action="SCMP_ACT_TRACE", errnoRet=5)]),
        "unknown name": _seccomp(defaultAction=ALLOW,
                                 syscalls=[_deny("no_such_call"), _deny("mkdirat")]),
        "default errno": _seccomp(
            defaultAction="SCMP_ACT_ERRNO", defaultErrnoRet=38, architectures=X86,
            syscalls=[_deny(*SAFE, action=ALLOW)]),
        "default errno 1": _seccomp(
            defaultAction="SCMP_ACT_ERRNO",
            syscalls=[_deny(*SAFE, action=ALLOW)]),
        "flags": _seccomp(defaultAction=ALLOW, flags=["SECCOMP_FILTER_FLAG_LOG"],
                          syscalls=[_deny("mkdirat")]),
        "tsync and spec allow": _seccomp(
            defaultAction=ALLOW, syscalls=[_deny("mkdirat")],
            flags=["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]),
        "bad action": _seccomp(defaultAction="SCMP_ACT_NONE"),
    },
    "annotations": {"some": _annotations(org_example_a="1", org_example_b="two words")},
} | factors_process.FACTORS | factors_files.FACTORS
