# SPDX-License-Identifier: Apache-2.0
"""What is in the jail before a runtime is called: a rootfs, sources of mounts, namespaces."""
import os
import shutil
import socket
import subprocess
from pathlib import Path

from . import documents
from .jail import LOOPBACK_UP, PYTHON

TEMPLATE = Path(documents.BASE) / "template"
OLD = 1_000_000_000   # seconds: the time of all that a template has
KINDS = {"pid": "--pid", "ipc": "--ipc", "uts": "--uts", "cgroup": "--cgroup",
         "network": "--net", "user": "--user"}
PASSWD = "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n"
GROUP = "root:x:0:\nuser:x:1000:\nextra:x:7:user\n"


def _write(path: Path, text="text\n", mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _rootfs(root: Path, probe: str):
    for name in ("proc", "sys", "dev", "bin", "etc", "dir/deep", "tmp", "data/sub", "private"):
        (root / name).mkdir(parents=True)
    shutil.copy(probe, root / "oci-probe")
    _write(root / "etc/passwd", PASSWD)
    _write(root / "etc/group", GROUP)
    _write(root / "etc/file", "a file of the image\n")
    _write(root / "file-in-path")
    _write(root / "dir/deep/file")
    _write(root / "data/owned", "owned\n", 0o640)
    _write(root / "data/sub/file", mode=0o4755)
    _write(root / "bin/script", "#!/oci-probe exit=7\n", 0o755)
    _write(root / "bin/no-interpreter", "#!/none\n", 0o755)
    _write(root / "bin/garbage", "\x7fnonsense", 0o755)
    os.chown(root / "data/owned", 1000, 7)
    os.chown(root / "data", 1000, 1000)
    os.setxattr(root / "data/owned", "user.note", b"mine")
    (root / "tmp").chmod(0o1777)
    (root / "private").chmod(0o700)
    for name, target in (("link", "dir"), ("abs-link", "/dir"), ("loop", "loop"),
                         ("climbing", "../../../../../dir"), ("dangling", "nowhere"),
                         ("bin/probe-link", "../oci-probe")):
        (root / name).symlink_to(target)
    os.mkfifo(root / "fifo")


def _files(at: Path):
    _write(at / "file", f"of {at.name}\n")
    _write(at / "owned", f"of {at.name}\n")
    os.chown(at / "owned", 1000, 1000)


def mount_below_shared(at: Path):
    """Also when a runtime has unmounted it here."""
    subprocess.run(["mount", "-t", "tmpfs", "below", at / "shared/sub"], check=True)
    _files(at / "shared/sub")


def _sources(at: Path):
    for name in ("tree/sub", "flags", "shared/sub"):
        (at / name).mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "sub", at / "tree/sub"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid,nodev,noexec,noatime", "flags",
                    at / "flags"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "shared", at / "shared"], check=True)
    (at / "shared/sub").mkdir()
    subprocess.run(["mount", "--make-shared", at / "shared"], check=True)
    for name in ("tree", "tree/sub", "flags", "shared"):
        _files(at / name)
    mount_below_shared(at)
    (at / "flags/sub").mkdir()
    (at / "tree/link").symlink_to("file")
    os.mkfifo(at / "tree/fifo")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(at / "tree/socket"))


def _hold(at: Path) -> list:
    """Files that are namespaces, and the processes that keep those alive which need one."""
    at.mkdir()
    subprocess.run(["mount", "--bind", at, at], check=True)
    subprocess.run(["mount", "--make-private", at], check=True)
    holders = []
    for kind, option in KINDS.items():
        up = f"{PYTHON} -c '{LOOPBACK_UP}'; " if kind == "network" else ""
        holder = subprocess.Popen(["unshare", option, "--kill-child", "sh", "-c",
                                   f"{up}echo ready; exec sleep 1d"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        holders.append(holder)
        if holder.stdout.readline() != b"ready\n":
            raise RuntimeError(f"no {kind} namespace")
        _bind_namespace(kind, holder.pid, at / kind)
    return holders


def _bind_namespace(kind: str, pid: int, to: Path):
    if kind == "user":
        for what in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{what}").write_text("0 100000 65536\n")
    to.touch()
    name = {"network": "net", "pid": "pid_for_children"}.get(kind, kind)
    subprocess.run(["mount", "--bind", f"/proc/{pid}/ns/{name}", to], check=True)


def make(probe: str) -> list:
    base = Path(documents.BASE)
    base.mkdir()
    shutil.copy(probe, documents.PROBE)
    _rootfs(TEMPLATE / "rootfs", probe)
    for name in ("inside-bundle", "upper", "work"):
        (TEMPLATE / name).mkdir()
    (TEMPLATE / "rootfs-link").symlink_to("rootfs")
    _sources(Path(documents.SOURCE))
    (base / "out").mkdir()
    Path("/sys/fs/cgroup/oci").mkdir()
    for directory, names, files in os.walk(TEMPLATE, topdown=False):
        for name in names + files:
            os.utime(os.path.join(directory, name), (OLD, OLD), follow_symlinks=False)
    return _hold(Path(documents.HELD))


def fresh_bundle(shift: int):
    """The template again, its owners higher by @shift."""
    bundle = Path(documents.BUNDLE)
    if bundle.exists():
        shutil.rmtree(bundle)
    subprocess.run(["cp", "-a", TEMPLATE, bundle], check=True)
    for out in Path(documents.OUT).iterdir():
        out.unlink()
    if not shift:
        return
    for directory, names, files in os.walk(bundle / "rootfs"):
        for path in [directory] + [os.path.join(directory, n) for n in files + names]:
            st = os.lstat(path)
            if st.st_uid < shift:
                os.lchown(path, st.st_uid + shift, st.st_gid + shift)
                if not os.path.islink(path):
                    os.chmod(path, st.st_mode & 0o7777)
