# SPDX-License-Identifier: Apache-2.0
"""What is seen of a command: the record that must be the same with either runtime.

Texts of errors differ between runtimes, and callers read them loosely. So only what an error
says is compared: the first of these classes of which a word is in the text.
"""
import re
import subprocess
from typing import NamedTuple

CLASSES = {
    "not a directory": ("not a directory",),
    "is a directory": ("is a directory",),
    "permission denied": ("permission denied",),
    "not found": ("no such file or directory", "not found in $path",
                  "executable file not found"),
    "no such container": ("no such container", "does not exist", "no container with"),
    "not running": ("not running", "is not running", "can only"),
    "paused": ("is paused", "paused container"),
}

# Lines of engines that are no errors of the command.
NOISE = re.compile(r"level=(warning|debug)|^$|^(Emulate|WARN)")


class Record(NamedTuple):
    code: int
    stdout: str
    error: str  # class of what is on stderr; "" if there is nothing
    stderr: str = ""  # for messages of failing tests; never compared

    def __eq__(self, other):
        return self[:3] == other[:3]

    def __ne__(self, other):
        return not self == other


def error_class(text: str) -> str:
    text = "\n".join(line for line in text.splitlines() if not NOISE.search(line)).lower()
    for name, words in CLASSES.items():
        if any(word in text for word in words):
            return name
    return "other" if text else ""


def record(done: subprocess.CompletedProcess) -> Record:
    out, err = done.stdout, done.stderr
    if out.startswith("OCI runtime exec failed"):  # docker says this on the wrong stream
        out, err = "", out + err
    return Record(done.returncode, out, error_class(err), err)
