# SPDX-License-Identifier: Apache-2.0
"""A machine that is switched on and off: its disks, and an anchord that starts on them."""
import contextlib
import itertools
import json
import re
import shutil
import subprocess
import time
import uuid
from pathlib import Path

from disk import Disk, Rack, unmount
from judge import Reader
from scene import UPPERS, Meanwhile, lower, make_images, options, trees
from support.daemon import PATIENCE, Daemon

# Files that the user processes write; of the others no content is kept.
USERS = re.compile(r"(^|/)(certs/ca-certificates\.crt|srv/.*)$")
NOT_OF_THE_TREE = frozenset(("state", "lost+found", "neighbour"))

SETTLED = 2.1  # seconds after which an image is relied on (vfs/seen.c)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_numbers = itertools.count(1)


class Machine:
    def __init__(self, scene, rack: Rack, directory: Path, volatile: Path, authority):
        self.scene, self.rack, self.directory = scene, rack, directory
        directory.mkdir()
        self.boot_id = directory / "boot-id"
        self.images = make_images(scene, directory)
        time.sleep(SETTLED)
        self.places = [directory / f"disk-{n}" for n in range(scene.n_disks)]
        for place in self.places:
            place.mkdir()
        self.daemon = Daemon(directory / "daemon", volatile / directory.name,
                             f"anchord-power-{next(_numbers)}-{directory.parent.name}",
                             [authority])
        self.daemon.state_dir = self.places[-1] / "state"
        self.reader = Reader()
        self.top = trees(scene, self.places[0])

    def close(self):
        self.daemon.destroy()
        shutil.rmtree(self.directory)

    def boot(self):
        """The kernel tells each start of a machine from the others by a random number."""
        self.boot_id.write_text(f"{uuid.uuid4()}\n")
        subprocess.run(["mount", "--bind", self.boot_id, BOOT_ID], check=True)

    @contextlib.contextmanager
    def on(self, blocks=None):
        """Mount the disks; @blocks: for each what differs from its image."""
        served = []
        self.boot()
        try:
            for n, place in enumerate(self.places):
                disk = Disk(self.images[n], n, blocks[n] if blocks else None)
                served.append(self.rack.add(disk))
                subprocess.run(["mount", "-o", "loop", served[-1], place], check=True,
                               capture_output=True, text=True)
            shutil.rmtree(self.daemon.run_dir, ignore_errors=True)  # it was on a tmpfs
            yield
        finally:
            if self.daemon.process and self.daemon.process.poll() is None:
                self.daemon.kill()
            for place in self.places:
                if place.is_mount():
                    unmount(place)
            for path in served:
                self.rack.remove(path)
            unmount(BOOT_ID)

    def tree(self) -> dict:
        return self.reader.read(self.top, NOT_OF_THE_TREE)

    def contents(self, tree: dict) -> dict:
        """path -> content of the files that a user process writes."""
        found = {path: (self.top / path).read_bytes() for path, entry in tree.items()
                 if entry.kind == "file" and USERS.search(path)}
        bundle = "etc/ssl/certs/ca-certificates.crt"
        below = lower(self.scene, self.places[0]) / bundle
        if self.scene.how in UPPERS and below.exists():
            found.setdefault(bundle, below.read_bytes())
        return found

    def left_over(self) -> list:
        """Journals that are still there."""
        execs = self.daemon.state_dir / "execs"
        return [f"journal left: {path.name}" for path in execs.iterdir()]

    # Runs.

    def exec(self, script: str, trust: list, stdin: str, said: str):
        """Run it and mark when the process has said that word."""
        receipt = self.directory / "receipt.json"
        client = self.daemon.spawn("run", *options(self.scene, self.places), *trust,
                                   f"--receipt={receipt}", "--", "sh", "-c", script,
                                   stdin=subprocess.PIPE)
        client.stdin.write(stdin)
        client.stdin.close()
        for line in client.stdout:
            assert line.strip() == said, line
            self.rack.mark(said)
        assert client.wait(PATIENCE) == 0, client.stderr.read()
        return receipt.read_text()

    def both_execs(self, trust: list, stdin: str, between):
        """One exec, and another one after it that never gets authorities."""
        self.daemon.start()
        self.rack.mark("begin")
        receipt = self.exec(self.scene.process, trust, stdin, "kept")
        self.rack.mark("ended")
        between()
        self.exec(self.scene.after, ["--ca", "off"], "", "after")
        return receipt

    def live(self, stdin: str) -> tuple:
        """The run that is cut later: (log, receipt)"""
        trust = ["--ca", "require", "--ca-strategies", self.scene.strategies]
        self.rack.take_log()
        with self.on():
            with Meanwhile(self.scene.meanwhile, self.places):
                receipt = self.both_execs(trust, stdin, lambda: None)
            log = self.rack.take_log()
        assert (self.scene.how == "layers") == ("underlay" in json.loads(receipt)["trust"])
        return log, receipt

    def live_without(self, stdin: str) -> tuple:
        """The same without authorities: (stages, their contents)"""
        stages, contents = [], []

        def note():
            stages.append(self.tree())
            contents.append(self.contents(stages[-1]))

        with self.on():
            note()
            self.both_execs(["--ca", "off"], stdin, note)
            note()
        return stages, contents

    @contextlib.contextmanager
    def recovered(self, blocks: list):
        """Start on what a power cut left; gives (tree, journals left, log of the recovery)"""
        self.rack.take_log()  # mounting writes, too: it replays the file system's journal
        with self.on(blocks):
            self.rack.mark("start")
            self.daemon.start()
            status = self.daemon.stop()
            log = self.rack.take_log()
            assert status == 0, self.daemon.log()[-4000:]
            yield self.tree(), self.left_over(), log
