# SPDX-License-Identifier: Apache-2.0
"""Real root file systems, made by mmdebstrap from the host's own apt sources.

A root is made once and cached outside the tree (/var/cache/anchord-tests, or
ANCHORD_TEST_CACHE), under a name that holds a digest of its recipe: a changed recipe makes a
fresh root. Tests never write to a cached root: they get a copy, or an overlay over it.

Run as a program to make all of them beforehand: python3 tests/e2e/support/roots.py
"""
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from support import clients, imitations  # noqa: E402

CACHE = Path(os.environ.get("ANCHORD_TEST_CACHE", "/var/cache/anchord-tests"))

# What every root gets besides its packages: dpkg must not sync each file, tests are many.
COMMON_OPTIONS = (
    "--mode=root",
    "--variant={variant}",
    "--components=main",
    "--dpkgopt=force-unsafe-io",
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
)


@dataclass(frozen=True)
class Recipe:
    suite: str
    packages: tuple = ()
    customize: str = ""  # a shell command; "$1" is the root
    variant: str = "minbase"


RECIPES = {
    "bookworm-minbase": Recipe("bookworm"),
    "bookworm-ca": Recipe("bookworm", ("ca-certificates", "curl", "openssl")),
    # Debian's keystore, and a JDK that can run a source file.
    "bookworm-java": Recipe("bookworm", ("ca-certificates-java", "openjdk-17-jdk-headless",
                                         "openssl")),
    # The same keystore in the other suites, whose packages need not bring a Java.
    "bullseye-java": Recipe("bullseye", ("ca-certificates-java", "openssl")),
    "trixie-java": Recipe("trixie", ("default-jre-headless", "openssl"), variant="essential"),
    "sid-java": Recipe("sid", ("default-jre-headless", "openssl"), variant="essential"),
    # The tools of the other suites, unmodified, for test_differential.py; no more than they need.
    "bullseye-tool": Recipe("bullseye", ("ca-certificates", "openssl"), variant="essential"),
    "trixie-tool": Recipe("trixie", ("ca-certificates", "openssl"), variant="essential"),
    "sid-tool": Recipe("sid", ("ca-certificates", "openssl"), variant="essential"),
    # The tool's digest is one that nobody knows: there it is always run, in a helper.
    "trixie-ca": Recipe("trixie", ("ca-certificates", "curl", "openssl"),
                        'echo "# changed" >> "$1/usr/sbin/update-ca-certificates"'),
    # Debian's packages in the layouts of other families (support/imitations.py).
    "bookworm-rhel": Recipe("bookworm", imitations.PACKAGES, imitations.rhel()),
    "trixie-rhel": Recipe("trixie", imitations.PACKAGES, imitations.rhel()),
    "bookworm-suse": Recipe("bookworm", imitations.PACKAGES, imitations.suse()),
    # Every kind of TLS client.
    "bookworm-clients": Recipe("bookworm", clients.PACKAGES, clients.make_go_client("1.19")),
}


@functools.cache
def mirror() -> str:
    """The URI from which the host itself gets its Debian release."""
    release = Path("/etc/os-release").read_text()
    codename = re.search(r"^VERSION_CODENAME=(\w+)", release, re.M).group(1)
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
         "Created-By: Packages"],
        check=True, capture_output=True, text=True).stdout
    for line in targets.splitlines():
        uri, suite, component = line.split("|")
        if suite == codename and component == "main":
            return uri
    raise RuntimeError(f"the host's apt sources have no suite {codename} with component main")


@functools.cache
def host_apt_options() -> list:
    """How the host's apt talks to its mirror (proxy, expired snapshots) holds for roots too."""
    dump = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True)
    wanted = re.compile(r"^Acquire::(Check-Valid-Until|Check-Date|https?(::\S+)?) \"[^\"]+\";$")
    return [f"--aptopt={line}" for line in dump.stdout.splitlines() if wanted.match(line)]


def command(name: str) -> list:
    recipe = RECIPES[name]
    include = [f"--include={','.join(recipe.packages)}"] if recipe.packages else []
    hook = [f"--customize-hook={recipe.customize}"] if recipe.customize else []
    common = [o.format(variant=recipe.variant) for o in COMMON_OPTIONS]
    return [*common, *host_apt_options(), *include, *hook, recipe.suite, "TARGET",
            mirror()]


def make(name: str) -> Path:
    """The cached root of that name; made if it is missing. Safe between processes."""
    options = command(name)
    digest = hashlib.sha256("\0".join(options).encode()).hexdigest()[:12]
    root = CACHE / f"{name}.{digest}"
    if root.is_dir():
        return root
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.is_dir():
            return root
        for old in CACHE.glob(f"{name}.*[0-9a-f]"):
            shutil.rmtree(old)
        partial = CACHE / f"{name}.partial"
        if partial.exists():
            shutil.rmtree(partial)
        options[options.index("TARGET")] = str(partial)
        done = subprocess.run(["mmdebstrap", *options], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"mmdebstrap for {name} failed:\n{done.stdout[-4000:]}")
        # The default drop-in directory of a container has the mode that 0755 gives; the name
        # service of a root is the host's, mounted by the tests that need it.
        (partial / "etc/resolv.conf").unlink(missing_ok=True)
        (partial / "etc/resolv.conf").touch()
        partial.rename(root)
    return root


def copy(name: str, to: Path) -> Path:
    """A private copy with all metadata."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(make(name)), str(to)], check=True)
    return to


if __name__ == "__main__":
    for wanted in RECIPES:
        print(wanted, make(wanted), flush=True)
