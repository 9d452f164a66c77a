# SPDX-License-Identifier: Apache-2.0
"""containerd in a jail, driven by ctr."""
import os
import signal
from pathlib import Path

from support.daemon import PATIENCE, wait_until
from support.engines import images
from support.engines.jail import Jail
from support.engines.play import Play
from support.engines.runtimes import Runtimes

SOCKET = "/run/containerd.sock"
CONFIGURATION = """\
version = 2
root = "{root}"
state = "/run/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{socket}"
[ttrpc]
address = "{socket}.ttrpc"
"""


class Containerd:
    kept_mounts = ()
    environment = {}

    def __init__(self, jail: Jail, runtimes: Runtimes):
        self.jail = jail
        self.plays = {name: ContainerdPlay(self, name, path)
                      for name, path in runtimes.programs.items()}
        self.log_file = jail.directory / "containerd.log"
        configuration = jail.directory / "containerd.toml"
        configuration.write_text(CONFIGURATION.format(root=jail.directory / "containerd",
                                                      socket=SOCKET))
        with open(self.log_file, "wb") as log:
            self.process = jail.spawn(["containerd", "--config", configuration],
                                      stdout=log, stderr=log)
        wait_until(lambda: self.process.poll() is not None
                   or self.jail.run(self.argv("version")).returncode == 0,
                   PATIENCE, "containerd answers")
        assert self.process.poll() is None, self.log()

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")[-4000:]

    def argv(self, *args) -> list:
        return ["ctr", "--address", SOCKET, *map(str, args)]

    def check(self, *args) -> str:
        return self.jail.check(self.argv(*args))

    def load(self, layer: Path):
        archive = images.make_oci_archive(layer, self.jail.directory / "image.tar", images.NAME)
        self.check("image", "import", archive)
        archive.unlink()

    def containers(self) -> list:
        return self.check("container", "list", "--quiet").split()

    def remove_all(self):
        for container in self.containers():
            self.jail.run(self.argv("task", "kill", "--signal", "KILL", container))
            self.jail.run(self.argv("task", "delete", "--force", container))
            self.check("container", "delete", container)

    def stop(self):
        self.remove_all()
        daemons = [pid for pid, line in self.jail.processes().items()
                   if line.startswith("containerd --config")]
        os.kill(daemons[0], signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.jail.wait_until_empty()


class ContainerdPlay(Play):
    # ctr's own default is a weight, for which there may be no controller.
    run_options = ("--cpu-shares", "0")

    def command(self, *args) -> list:
        if args[0] == "run":
            args = ("run", "--runc-binary", self.runtime, *args[1:])
        return self.engine.argv(*args)
