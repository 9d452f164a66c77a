# SPDX-License-Identifier: Apache-2.0
"""podman in a jail: one storage, and a runtime that is named with each command."""
from pathlib import Path

from support.engines import images
from support.engines.jail import Jail
from support.engines.play import Play
from support.engines.runtimes import Runtimes

CONFIGURATION = """\
[containers]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime_supports_json = ["crun", "runc", "anchor-runc"]
"""

# Root may be denied to raise limits, as podman does without these.
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


class Podman:
    kept_mounts = ()

    def __init__(self, jail: Jail, runtimes: Runtimes):
        self.jail = jail
        self.plays = {name: PodmanPlay(self, name, path)
                      for name, path in runtimes.programs.items()}
        self.plays["by-argument"] = PodmanPlay(
            self, "by-argument", runtimes.programs["tested"],
            ("--runtime-flag", f"authorities={runtimes.authorities}"))
        self.root = jail.directory / "podman"
        configuration = jail.directory / "containers.conf"
        configuration.write_text(CONFIGURATION)
        self.environment = {"CONTAINERS_CONF": str(configuration)}

    def argv(self, *args) -> list:
        return ["podman", "--root", str(self.root), "--runroot", "/run/podman",
                "--storage-driver", "overlay", *map(str, args)]

    def check(self, *args) -> str:
        return self.jail.check(self.argv(*args), env=self.environment)

    def load(self, layer: Path):
        self.check("import", layer, images.NAME)

    def containers(self) -> list:
        return self.check("ps", "--all", "--quiet", "--external").split()

    def remove_all(self):
        if self.containers():
            self.check("rm", "--all", "--force", "--time", "0")

    def stop(self):
        """Nothing but conmon runs between commands, and it ends after its container."""
        self.remove_all()
        self.jail.wait_until_empty()
        self.check("rmi", "--all", "--force")


class PodmanPlay(Play):
    run_options = ("--network", "none", "--pids-limit", "0", *LIMITS)

    def __init__(self, engine, name: str, runtime, flags=()):
        super().__init__(engine, name, runtime)
        self.flags = flags

    def command(self, *args) -> list:
        return self.engine.argv("--runtime", self.runtime, *self.flags, *args)

    def remove(self, name: str):
        return self.do("rm", "--force", "--time", "0", name)

    def build(self, directory: Path, network="none") -> str:
        """Build what the directory describes; the image's name."""
        image = f"anchord.test/{self.new_name()}"
        self.check("build", "--no-cache", "--layers", "--format", "docker", "--pull-never",
                   "--network", network, *LIMITS, "--tag", image, directory)
        return image
