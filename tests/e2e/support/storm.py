# SPDX-License-Identifier: Apache-2.0
"""Many short containers at once, whose callers are killed; runs in a jail, and says what it saw.

    storm.py BINARY DIRECTORY COUNT SEED

DIRECTORY has authorities/ and the bundles short/ and long/, whose commands end at once, and never.
Each container's fate is drawn from the seed and its number, so one storm is like another.
"""
import collections
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

IN_FLIGHT = 4
SECONDS = 60        # after which a call hangs
LAST_MOMENT = 0.04  # seconds of a call, in which it is killed
KINDS = ("mnt", "pid", "net", "ipc", "uts", "cgroup", "user", "time")


class Storm:
    def __init__(self, binary: str, directory: Path, count: int, seed: int):
        self.directory, self.count, self.seed = directory, count, seed
        self.command = [binary, "--root", str(directory / "state"), "--trust-state",
                        str(directory / "trust"), "--authorities", str(directory / "authorities")]
        self.numbers = iter(range(count))
        self.lock = threading.Lock()
        self.calls = collections.Counter()
        self.complaints = []
        self.longest = 0.0

    # One call.

    def complain(self, text: str):
        with self.lock:
            self.complaints.append(text)

    def spawn(self, words) -> subprocess.Popen:
        with self.lock:
            self.calls[words[0]] += 1
        return subprocess.Popen([*self.command, *words], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                cwd=self.directory)

    def end(self, process, words) -> tuple:
        """(its exit, its complaint); None when it had to be killed."""
        begun = time.monotonic()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.complain(f"hangs: {words}")
        # A container may still have the pipe: what is there is enough.
        os.set_blocking(process.stderr.fileno(), False)
        said = process.stderr.read() or b""
        process.stderr.close()
        with self.lock:
            self.longest = max(self.longest, time.monotonic() - begun)
        return process.returncode, said.decode(errors="replace")

    def ok(self, *words):
        code, said = self.end(self.spawn(words), words)
        if code != 0:
            self.complain(f"{words}: {code}: {said.strip()}")

    def killed(self, dice, *words):
        process = self.spawn(words)
        time.sleep(dice.uniform(0, LAST_MOMENT))
        process.kill()
        self.end(process, words)

    # One container.

    def run(self, dice, name):
        self.ok("run", "--bundle", "short", name)

    def walk(self, dice, name):
        self.ok("create", "--bundle", "long", name)
        self.ok("start", name)
        self.ok("kill", name, "KILL")
        self.ok("delete", "--force", name)

    def join(self, dice, name):
        self.ok("run", "--detach", "--bundle", "long", name)
        for _ in range(dice.randint(1, 3)):
            self.ok("exec", name, "/attacker", "descriptors")
        self.ok("delete", "--force", name)

    def forget(self, dice, name):
        """It is left to whoever cleans up."""
        self.ok("create", "--bundle", dice.choice(["short", "long"]), name)
        if dice.random() < 0.5:
            self.ok("start", name)

    def lose_creator(self, dice, name):
        self.killed(dice, dice.choice(["run", "create"]), "--bundle",
                    dice.choice(["short", "long"]), name)

    def lose_others(self, dice, name):
        self.ok("create", "--bundle", "long", name)
        self.killed(dice, "start", name)
        self.killed(dice, "exec", name, "/attacker", "descriptors")
        self.killed(dice, "kill", name, "KILL")
        self.killed(dice, "delete", "--force", name)

    def work(self):
        fates = [self.run] * 7 + [self.walk] * 4 + [self.join] * 3 + [self.forget] + \
                [self.lose_creator] * 3 + [self.lose_others] * 2
        while True:
            with self.lock:
                number = next(self.numbers, None)
            if number is None:
                return
            dice = random.Random(f"{self.seed}/{number}")
            dice.choice(fates)(dice, f"c{number}")

    def clean(self):
        """All at once, as after a crash of their engine; those that left no directory too."""
        names = iter(sorted({f"c{n}" for n in range(self.count)
                             if n % 100 == 0} | set(os.listdir(self.directory / "state"))))

        def delete():
            while True:
                with self.lock:
                    name = next(names, None)
                if name is None:
                    return
                self.ok("delete", "--force", name)
        self.in_threads(delete)

    @staticmethod
    def in_threads(work):
        threads = [threading.Thread(target=work) for _ in range(IN_FLIGHT)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


# What must be after it as it was before.

def namespaces() -> list:
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for kind in KINDS:
            try:
                found.add(os.readlink(f"/proc/{pid}/ns/{kind}"))
            except OSError:
                pass  # it has ended, or the kernel has none of this kind
    return sorted(found)


def processes() -> list:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.append(f"{pid} {Path(f'/proc/{pid}/cmdline').read_bytes()!r}")
        except OSError:
            pass
    return sorted(found)


def facts() -> dict:
    cgroup = Path("/sys/fs/cgroup")
    return {
        "namespaces": namespaces(),
        "processes": processes(),
        "cgroups": sorted(str(p.relative_to(cgroup)) for p in cgroup.glob("**/")),
        "mounts": Path("/proc/self/mountinfo").read_text().splitlines(),
        "descriptors": sorted(os.listdir("/proc/self/fd")),
    }


def left(before: dict, directory: Path) -> dict:
    """What is there more; it may take a moment until the last process has gone."""
    for _ in range(250):
        now = facts()
        more = {kind: sorted(set(now[kind]) - set(before[kind])) for kind in now}
        if not any(more.values()):
            break
        time.sleep(0.02)
    for kind in ("state", "trust"):
        more[kind] = sorted(str(p.relative_to(directory)) for p in (directory / kind).rglob("*")
                            if not p.is_dir() or kind == "state")
    return {kind: some for kind, some in more.items() if some}


def main():
    binary, directory, count, seed = sys.argv[1:]
    storm = Storm(binary, Path(directory), int(count), int(seed))
    before = facts()
    begun = time.monotonic()
    storm.in_threads(storm.work)
    storm.clean()
    print(json.dumps({"seconds": round(time.monotonic() - begun, 1), "calls": storm.calls,
                      "longest": round(storm.longest, 2), "complaints": storm.complaints,
                      "left": left(before, storm.directory)}))


if __name__ == "__main__":
    main()
