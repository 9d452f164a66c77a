# SPDX-License-Identifier: Apache-2.0
"""Documents for runtimes: a base like docker's, and factors with values that change it.

A Case names a value for some factors; request() makes of it what a runtime is asked. First each
value is alone, so that a difference names its reason; then seeded combinations.
"""
import copy
import random
from dataclasses import dataclass, field

BASE = "/run/oci"           # in the jail
BUNDLE = f"{BASE}/bundle"
SOURCE = f"{BASE}/source"   # what is bound
HELD = f"{BASE}/held"       # namespaces to join
OUT = f"{BASE}/out"
PROBE = f"{BASE}/oci-probe"
HOOKS = f"{OUT}/hooks"
ID = "container"

DOCKER_CAPABILITIES = ["CAP_" + x for x in (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP "
    "NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE").split()]

MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc",
     "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs",
     "options": ["nosuid", "noexec", "nodev", "ro"]},
    {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
     "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
     "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=67108864"]},
]

DOCUMENT = {
    "ociVersion": "1.0.2",
    "process": {
        "user": {"uid": 0, "gid": 0},
        "args": ["/oci-probe"],
        "env": ["PATH=/usr/local/bin:/usr/bin:/bin:/", "A=1"],
        "cwd": "/",
        "capabilities": {kind: DOCKER_CAPABILITIES for kind in
                         ("bounding", "effective", "permitted")},
    },
    "root": {"path": "rootfs"},
    "hostname": "box",
    "mounts": MOUNTS,
    "linux": {
        "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "cgroup")],
        "cgroupsPath": "/oci/one",
        "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/sched_debug", "/sys/firmware"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                          "/proc/sysrq-trigger"],
    },
}

LOOKS = ["/proc/sys/kernel/hostname", "/proc/kcore", "/proc/sysrq-trigger", "/proc/bus",
         "/sys/fs/cgroup", "/dev/null", "/dev/shm", "/dev/mqueue", "/etc/file", "/dir"]


@dataclass
class Request:
    """What a runtime is asked: a document, and how it is called."""
    document: dict = field(default_factory=lambda: copy.deepcopy(DOCUMENT))
    life: str = "run"      # or "create", step by step, or "console", which is that with a terminal
    options: list = field(default_factory=list)     # of create and run
    arguments: list = field(default_factory=list)   # of the probe, behind the looks
    shift: int = 0         # owners in the rootfs are higher by that
    extra_fds: int = 0     # open from 3 on
    env: dict = field(default_factory=dict)
    stdin: str = "null"

    @property
    def process(self):
        return self.document["process"]

    @property
    def linux(self):
        return self.document["linux"]

    def look(self, *paths):
        self.arguments += [f"look={p}" for p in paths]

    def mount(self, destination, kind="bind", source=f"{SOURCE}/tree", options=("bind",), **more):
        self.document["mounts"].append({"destination": destination, "type": kind,
                                        "source": source, "options": list(options)} | more)
        self.look(destination, f"{destination}/sub")

    def namespace(self, kind, **more):
        """A new one in place of what the document says."""
        self.no_namespace(kind)
        self.linux["namespaces"].append({"type": kind} | more)

    def no_namespace(self, kind):
        self.linux["namespaces"] = [n for n in self.linux["namespaces"] if n["type"] != kind]


@dataclass(frozen=True)
class Case:
    choices: tuple   # ((factor, value), ...), sorted

    def __str__(self):
        return " + ".join(f"{f}: {v}" for f, v in self.choices) or "base"

    def has(self, factor, *values) -> bool:
        return any(f == factor and (not values or v in values) for f, v in self.choices)

    def without(self, factor) -> "Case":
        return Case(tuple(c for c in self.choices if c[0] != factor))


def request(case: Case) -> Request:
    from .factors import FACTORS
    made = Request()
    for factor, name in case.choices:
        FACTORS[factor][name](made)
    args = made.document.get("process", {}).get("args")
    if args and "probe" in str(args[0]):
        made.process["args"] = args + [f"look={p}" for p in LOOKS] + made.arguments
    return made


def all_alone() -> list:
    from .factors import FACTORS
    return [Case(())] + [Case(((factor, name),)) for factor, values in FACTORS.items()
                         for name in values]


# Of these one value makes nearly every document fail, so they aren't combined.
ALONE = ("malformed", "failure")


def combination(seed: int) -> Case:
    from .factors import FACTORS
    dice = random.Random(seed)
    factors = sorted(set(FACTORS) - set(ALONE))
    while True:
        chosen = dice.sample(factors, dice.randint(2, 7))
        case = Case(tuple(sorted((f, dice.choice(sorted(FACTORS[f]))) for f in chosen)))
        try:
            request(case)
            return case
        except (KeyError, TypeError):   # one takes away what another changes
            pass
