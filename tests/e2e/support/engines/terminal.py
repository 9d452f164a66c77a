# SPDX-License-Identifier: Apache-2.0
"""A command on a terminal of its own, as a person runs it."""
import fcntl
import os
import pty
import select
import struct
import termios
import time

from support.daemon import PATIENCE

ROWS, COLUMNS = 33, 111


def run_on_terminal(jail, argv: list, environment: dict, prompt: str, typed: str) -> tuple:
    """(exit code, what was shown, without the engine's own lines)"""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = jail.spawn(argv, env=environment | {"TERM": "dumb"}, stdin=slave, stdout=slave,
                         stderr=slave, start_new_session=True, text=False, errors=None)
    os.close(slave)
    shown, deadline = b"", time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 0.1)[0]:
            continue
        try:
            block = os.read(master, 4096)
        except OSError:  # the last process on it has gone
            break
        if not block:
            break
        shown += block
        if typed and prompt.encode() in shown:
            os.write(master, typed.encode())
            typed = ""
    process.kill() if time.monotonic() > deadline else None
    os.close(master)
    lines = shown.decode(errors="replace").splitlines(keepends=True)
    return process.wait(PATIENCE), "".join(line for line in lines if "level=" not in line)
