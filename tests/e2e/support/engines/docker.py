# SPDX-License-Identifier: Apache-2.0
"""dockerd in a jail, with a containerd of its own that it starts itself.

A build can't name its runtime: the classic builder takes the daemon's default, BuildKit what is
named runc in the daemon's PATH. So the first directory of PATH has a runc that links to the
runtime of the next build.
"""
import json
import os
import signal
from pathlib import Path

from support.daemon import ENVIRONMENT, PATIENCE, wait_until
from support.engines import images
from support.engines.jail import Jail
from support.engines.play import Play
from support.engines.runtimes import Runtimes

DOCKER = "/usr/bin/docker"  # a newer client in another place can't build without plugins
SOCKET = "/run/docker.sock"


class Docker:
    kept_mounts = ("/run/docker/netns/default",)
    environment = {"DOCKER_BUILDKIT": "0"}

    def __init__(self, jail: Jail, runtimes: Runtimes):
        self.jail, self.programs = jail, runtimes.programs
        self.plays = {name: DockerPlay(self, name, path) for name, path in self.programs.items()}
        self.plays["by-argument"] = DockerPlay(self, "by-argument", self.programs["tested"])
        self.log_file = jail.directory / "dockerd.log"
        self.first_in_path = jail.directory / "path"
        self.first_in_path.mkdir()
        self.build_with("runc")
        command = ["dockerd", "--data-root", jail.directory / "docker",
                   "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid",
                   "--host", f"unix://{SOCKET}", "--config-file", jail.directory / "daemon.json",
                   "--exec-opt", "native.cgroupdriver=cgroupfs",
                   "--iptables=false", "--ip6tables=false", "--bridge=none"]
        configuration = {name: {"path": str(path)} for name, path in self.programs.items()
                         if name != "runc"}  # that one is built in
        configuration["by-argument"] = {
            "path": str(self.programs["tested"]),
            "runtimeArgs": ["--authorities", str(runtimes.authorities)]}
        (jail.directory / "daemon.json").write_text(json.dumps({"runtimes": configuration}))
        with open(self.log_file, "wb") as log:
            self.process = jail.spawn(
                command, stdout=log, stderr=log,
                env={"PATH": f"{self.first_in_path}:{ENVIRONMENT['PATH']}"})
        wait_until(lambda: self.process.poll() is not None
                   or self.jail.run(self.argv("version")).returncode == 0,
                   PATIENCE, "dockerd answers")
        assert self.process.poll() is None, self.log()

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")[-4000:]

    def build_with(self, runtime: str):
        """The runtime of builds from now on."""
        link = self.first_in_path / "runc.new"
        link.symlink_to(self.programs[runtime])
        link.rename(self.first_in_path / "runc")

    def argv(self, *args) -> list:
        return [DOCKER, "--host", f"unix://{SOCKET}", *map(str, args)]

    def check(self, *args) -> str:
        return self.jail.check(self.argv(*args), env=self.environment)

    def load(self, layer: Path):
        self.check("import", layer, images.NAME)

    def containers(self) -> list:
        return self.check("ps", "--all", "--quiet").split()

    def remove_all(self):
        if containers := self.containers():
            self.check("rm", "--force", *containers)

    def stop(self):
        self.remove_all()
        daemons = [pid for pid, line in self.jail.processes().items()
                   if line.startswith("dockerd ")]
        os.kill(daemons[0], signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.jail.wait_until_empty()


class DockerPlay(Play):
    run_options = ("--network", "none")

    def command(self, *args) -> list:
        if args[0] in ("run", "create"):
            if self.name == "runc":
                self.engine.build_with("runc")
            args = (args[0], "--runtime", self.name, *args[1:])
        return self.engine.argv(*args)

    def build(self, directory: Path, buildkit: bool, network="none") -> str:
        """Build what the directory describes; the image's name."""
        self.engine.build_with(self.name)
        image = f"anchord.test/{self.new_name()}"
        self.check("build", "--no-cache", "--network", network, "--tag", image, directory,
                   env={"DOCKER_BUILDKIT": str(int(buildkit))})
        return image
