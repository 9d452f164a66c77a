# SPDX-License-Identifier: Apache-2.0
"""Process 1 of a jail (jail.py starts it): makes the place, says "ready", and reaps orphans."""
import fcntl
import os
import signal
import socket
import struct
import subprocess

TMPFS = ("/run", "/dev/shm")
UP = 0x1  # IFF_UP
SIOCSIFFLAGS = 0x8914


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def raise_loopback():
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP))


def main():
    for directory in TMPFS:
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", directory)
    os.makedirs("/run/lock")
    mount("-t", "cgroup2", "cgroup2", "/sys/fs/cgroup")
    raise_loopback()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    print("ready", flush=True)
    while True:
        signal.sigwait({signal.SIGCHLD})
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            pass


if __name__ == "__main__":
    main()
