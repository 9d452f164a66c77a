# SPDX-License-Identifier: Apache-2.0
"""What anchord's own work makes of a state: looked at from the host while the process waits."""
import hashlib
import json
import subprocess
from pathlib import Path

from support import oracle
from support.pki import _openssl


DONE = "the exit status is "  # what ends the output of a process


class Anchor:
    """An operator's certificate of any shape."""

    def __init__(self, directory: Path, name: str, subject: str, *extensions):
        self.name, self.certificate = name, directory / f"{name}.pem"
        options = [word for e in extensions for word in ("-addext", e)]
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", 30, "-utf8", "-subj", subject, "-keyout", "/dev/null", "-out",
                 self.certificate, "-addext", "basicConstraints=critical,CA:TRUE", *options)

    @property
    def fingerprint(self) -> str:
        done = subprocess.run(["openssl", "x509", "-in", self.certificate, "-outform", "DER"],
                              check=True, capture_output=True)
        return hashlib.sha256(done.stdout).hexdigest()

    @property
    def dropin(self) -> str:
        return f"anchord-{self.fingerprint[:16]}.crt"


class Copy(Anchor):
    """A certificate that somebody else made."""

    def __init__(self, directory: Path, name: str, source: Path):
        self.name, self.certificate = name, directory / f"{name}.pem"
        _openssl("x509", "-in", source, "-out", self.certificate)


def _options(layers, upper, work, authorities) -> list:
    lower = ":".join(map(str, layers))
    return ["--overlay", f"lower={lower},upper={upper},work={work}",
            *(f"--ca-only={a.fingerprint}" for a in authorities)]


class Native:
    def __init__(self, daemon, judge: oracle.Oracle):
        self.daemon, self.judge = daemon, judge

    def plan(self, layers: list, authorities) -> dict:
        options = _options(layers, self.judge.layer(), self.judge.layer(), authorities)
        done = self.daemon.ctl("explain", "--json", *options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout).get("native", {"declined": "there is no plan"})

    def install(self, layers: list, authorities, *options) -> list:
        """Copies of what is on top of the layers while a process runs; when it has ended nothing may
        be left."""
        copies, upper, _ = self.run(layers, authorities, ":", *options)
        assert not oracle.paths_of(upper), oracle.paths_of(upper)
        return copies

    def run(self, layers: list, authorities, script: str, *options) -> tuple:
        """A process does something: (copies of the upper then, and of an underlay that is below it;
        the upper in the end; its output)."""
        upper, copy = self.judge.layer(), self.judge.layer()
        receipt = copy.parent / "receipt.json"
        run = self.daemon.spawn("run", *_options(layers, upper, self.judge.layer(), authorities),
                                "--ca", "require", f"--receipt={receipt}", *options, "sh", "-c",
                                f"{script}\necho {DONE}$?; read x", stdin=subprocess.PIPE)
        stdout, status = "", ""
        try:
            while not status and (line := run.stdout.readline()):
                text, _, status = line.partition(DONE)
                stdout += text
            subprocess.run(["cp", "-a", f"{upper}/.", copy], check=True)
        finally:
            _, stderr = run.communicate("\n", timeout=60)
        assert status and run.returncode == 0, stderr
        underlay = json.loads(receipt.read_text())["trust"].get("underlay")
        return [copy, *self._copies(underlay)], upper, (stdout, stderr, int(status))

    def _copies(self, underlay) -> list:
        if not underlay:
            return []
        copy = self.judge.layer()
        subprocess.run(["cp", "-a", f"{underlay}/.", copy], check=True)
        return [copy]
