# SPDX-License-Identifier: Apache-2.0
"""A raw observation -> flat dict of what two runtimes must agree on, without what is chance.

Numbers of namespaces, processes and superblocks become words: "host", "joined", "new".
"""
import json
import os
import re
from pathlib import Path

from . import documents

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
STATUS = ("Umask", "Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp", "Seccomp_filters", "CapInh",
          "CapPrm", "CapEff", "CapBnd", "CapAmb", "SigBlk", "SigIgn", "SigCgt", "THP_enabled",
          "Speculation_Store_Bypass", "SpeculationIndirectBranch")


class Host:
    """What a container's numbers are compared with."""

    def __init__(self):
        self.namespaces = {k: os.readlink(f"/proc/self/ns/{k}") for k in NAMESPACES}
        self.joined = {}
        for kind in os.listdir(documents.HELD):
            name = {"network": "net"}.get(kind, kind)
            self.joined[name] = f"{name}:[{os.stat(f'{documents.HELD}/{kind}').st_ino}]"
        self.keyring = _keyring()

    def devices(self) -> dict:
        """Superblocks that are mounted here now."""
        seen = {}
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            fields = line.split()
            seen.setdefault(fields[2], f"host's {fields[4]}")
        return seen

    def namespace(self, kind: str, link):
        if link is None:
            return None
        if link == self.namespaces[kind]:
            return "host"
        return "joined" if link == self.joined.get(kind) else "new"


def _keyring() -> int:
    import ctypes
    return ctypes.CDLL(None).syscall(250, 0, -3, 0)   # KEYCTL_GET_KEYRING_ID of the session


def _mounts(text, host: Host) -> dict:
    """mount point -> what is there; the second at the same place is "point#2"."""
    if text is None:
        return {"unknown": True}
    made, points, devices = {}, {}, host.devices()
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        number, parent, device, root, point, options, *tags = left.split()
        kind, source, flags = (right.split(" ") + [""])[:3]
        name, n = point, 1
        while name in made:
            n += 1
            name = f"{point}#{n}"
        points[number] = name
        made[name] = {
            "below": points.get(parent, "outside"), "device": devices.get(device, "new"),
            "root": re.sub(r"\[\d+\]", "[n]", root),
            "options": ",".join(sorted(options.split(","))),
            "propagation": " ".join(sorted(re.sub(r":\d+", "", t) for t in tags)), "type": kind,
            "source": source, "flags": ",".join(sorted(flags.split(",")))}
    return made


def _status(text) -> dict:
    fields = dict(line.split(":", 1) for line in (text or "").splitlines() if ":" in line)
    return {k: " ".join(fields[k].split()) for k in STATUS if k in fields}


def _namespaces(links: dict, host: Host) -> dict:
    seen = {k: host.namespace(k, links[k]) for k in NAMESPACES}
    for kind in ("pid", "time"):
        seen[f"children's {kind}"] = links[f"{kind}_for_children"] == links[kind]
    return seen


def _processes(probe: dict, own_pids: bool) -> dict:
    """Numbers, if they are the container's; else how they relate."""
    if own_pids:
        return {k: probe[k] for k in ("pid", "ppid", "sid", "pgrp", "foreground", "processes",
                                      "cmdline_1")}
    return {k: probe[k] == probe["pid"] for k in ("sid", "pgrp", "foreground")}


def _fds(fds: dict) -> dict:
    for fd in fds.values():
        fd["link"] = re.sub(r":\[\d+\]", "", fd["link"] or "")
    return fds


def _keys(probe: dict, host: Host):
    if probe["keyring"] == host.keyring or probe["keyring"] < 0:
        return "host's or none"
    return probe.get("keyring_description", "own")


def _probe(probe: dict, host: Host) -> dict:
    seen = {k: probe[k] for k in (
        "argv", "env", "cwd", "hostname", "domainname", "machine", "ids", "groups", "umask",
        "signals", "scheduling", "prctl", "personality", "network", "oom_score_adj", "cgroup",
        "uid_map", "gid_map", "setgroups", "timens_offsets", "label", "root", "dev", "look",
        "window", "tty", "exe")}
    seen["env"] = sorted(seen["env"])
    seen["limits"] = {str(i): v for i, v in enumerate(probe["limits"])}
    seen["calls"] = probe.get("calls", {})
    seen["namespaces"] = _namespaces(probe["namespaces"], host)
    seen["process"] = _processes(probe, seen["namespaces"]["pid"] == "new")
    seen["status"] = _status(probe["status"])
    seen["mounts"] = _mounts(probe["mountinfo"], host)
    seen["order of mounts"] = list(seen["mounts"])
    seen["fds"] = _fds(probe["fds"])
    seen["keyring"] = _keys(probe, host)
    return seen


def _state(state):
    if not isinstance(state, dict):
        return state
    return {k: state.get(k) for k in ("id", "status", "bundle", "annotations", "rootfs")} | {
        "pid": bool(state.get("pid"))}


def _hook(hook: dict, host: Host) -> dict:
    try:
        state = _state(json.loads(hook["state"]))
    except (TypeError, ValueError):
        state = hook["state"]
    seen = {k: hook[k] for k in ("argv", "env", "cwd", "ids", "groups", "umask", "signals",
                                 "root")}
    return seen | {"state": state, "namespaces": _namespaces(hook["namespaces"], host),
                   "status": _status(hook["status"])}


def _flat(value, name: str, into: dict):
    if isinstance(value, dict) and value:
        for k, v in value.items():
            _flat(v, f"{name} {k}".strip(), into)
    else:
        into[name] = value


def observation(raw: dict, host: Host) -> dict:
    """Also of a container that never was: then only what was left tells."""
    seen = {k: raw[k] for k in ("exit", "create", "start", "delete", "console", "fifo", "timeout")
            if k in raw}
    seen["left"] = raw["left"]
    seen["states"] = [_state(s) for s in raw["states"]]
    try:
        seen["probe"] = _probe(json.loads(raw["output"]), host)
    except ValueError:
        seen["output"] = raw["output"]
    for kind in ("hooks", "inner hooks"):
        seen[kind] = [h["hook"] for h in raw[kind]]
        seen["at " + kind] = {h["hook"]: _hook(h, host) for h in raw[kind]}
    seen["files"] = raw["files"]
    flat = {}
    for k, v in seen.items():
        _flat(v, k, flat)
    return flat


def differences(expected: dict, actual: dict) -> list:
    """(key, expected, actual)"""
    return [(k, expected.get(k), actual.get(k)) for k in sorted(expected.keys() | actual.keys())
            if expected.get(k) != actual.get(k)]
