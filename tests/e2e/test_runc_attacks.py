# SPDX-License-Identifier: Apache-2.0
"""The known attacks of an image, or of a container's first process, on who starts it."""
import hashlib
import os
import re
import stat
from pathlib import Path

import pytest

from support.attack_fixtures import jail, stage  # noqa: F401
from support.attacks import ON_TERMINAL, SECRET, bind, replace_mount

INIT_FAILED = 125  # the exit of anchord-init that was given nothing to do
FDS = range(3, 16)


def digest(path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


# CVE-2019-5736: the image makes the runtime execute itself, and then writes to it.

def by_link(rootfs: Path):
    (rootfs / "command").symlink_to("/proc/self/exe")


def by_script(rootfs: Path):
    (rootfs / "command").write_text("#!/proc/self/exe\n")
    (rootfs / "command").chmod(0o755)


def by_interpreter(rootfs: Path):
    program = Path("/usr/bin/true").read_bytes()
    loader = re.search(rb"/lib[\w/.-]*/ld-linux[\w.-]*\0", program).group()
    ours = b"/proc/self/exe".ljust(len(loader), b"\0")
    (rootfs / "command").write_bytes(program.replace(loader, ours))
    (rootfs / "command").chmod(0o755)


@pytest.mark.parametrize("make", [by_link, by_script, by_interpreter])
def test_an_image_that_executes_the_runtime_gets_a_copy_of_init_cve_2019_5736(stage, make):
    before = digest(stage.binary)
    done = stage.run("/command", "0", change=lambda _document, rootfs: make(rootfs))
    if make is not by_interpreter:  # as that it crashes: it is no loader
        assert done.returncode == INIT_FAILED, "the attack's precondition: it was executed"
    assert digest(stage.binary) == before


# CVE-2024-21626: a directory of the host that the runtime has left open.

def holding(stage) -> list:
    """The caller has the host's directory open as 7 and 9, without close-on-exec."""
    return ["bash", "-c", 'exec 7<"$0" 9<"$0"; exec "$@"', stage.host]


def test_descriptors_of_the_caller_stay_with_it_cve_2024_21626(stage):
    control = stage.jail.check([*holding(stage), stage.attacker, "descriptors"])
    assert str(stage.host) in control
    done = stage.run("/attacker", "descriptors", prefix=holding(stage))
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["0", "1", "2"]


def test_descriptors_of_create_and_exec_stay_with_them_cve_2016_9962_cve_2020_14300(stage):
    name = stage.create("/attacker descriptors; exec sleep 60", prefix=holding(stage))
    stage.ok("start", name, prefix=holding(stage))
    log = stage.wait_for(name, "2 ")
    assert [line.split()[0] for line in log.splitlines()] == ["0", "1", "2"]
    out = stage.ok("exec", name, "/attacker", "descriptors", prefix=holding(stage))
    assert [line.split()[0] for line in out.splitlines()] == ["0", "1", "2"]


def test_only_as_many_descriptors_as_asked_for_are_preserved(stage):
    prefix = ["bash", "-c", 'exec 3</dev/null 4<"$0" 5<"$0"; exec "$@"', stage.host]
    done = stage.run("/attacker", "descriptors", options=["--preserve-fds", "1"], prefix=prefix)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["0", "1", "2", "3"]


LOOK = "cat canary ../canary ../../canary ../../../canary; cd /proc/self/cwd && pwd"


@pytest.mark.parametrize("through_link", [False, True], ids=["path", "link"])
def test_a_working_directory_never_leads_out_cve_2024_21626(stage, through_link):
    for fd in FDS:
        def change(document, rootfs):
            document["process"]["cwd"] = target = f"/proc/self/fd/{fd}"
            if through_link:
                (rootfs / "link").symlink_to(target)
                document["process"]["cwd"] = "/link"
        done = stage.run(LOOK, change=change, prefix=holding(stage))
        assert "only the host" not in done.stdout, fd
        assert done.returncode != 0, fd


def test_a_working_directory_of_exec_never_leads_out_cve_2024_21626(stage):
    def change(_document, rootfs):
        (rootfs / "link").symlink_to("/proc/self/fd/7")
    name = stage.start("exec sleep 60", change=change)
    for cwd in [f"/proc/self/fd/{fd}" for fd in FDS] + ["/link", "/proc/self/fd/7/.."]:
        done = stage("exec", "--cwd", cwd, name, "/bin/sh", "-c", LOOK, prefix=holding(stage))
        assert "only the host" not in done.stdout, cwd
        assert done.returncode != 0, cwd


def test_streams_that_are_directories_of_the_host_are_no_way_out(stage):
    """What the caller hands over is the container's; a working directory is not made of it."""
    def change(document, _rootfs):
        document["process"]["cwd"] = "/proc/self/fd/0"
    prefix = ["bash", "-c", 'exec "$@" <"$0"', stage.host]
    done = stage.run(LOOK, change=change, prefix=prefix)
    assert done.returncode != 0 and "only the host" not in done.stdout


# CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2019-16884: /proc isn't where it seems to be.

@pytest.mark.parametrize("name", ["proc", "sys"])
def test_a_link_in_place_of_proc_or_sys_is_refused_cve_2019_19921_cve_2023_28642(stage, name):
    def change(_document, rootfs):
        (rootfs / name).rmdir()
        (rootfs / "elsewhere").mkdir()
        (rootfs / name).symlink_to("/elsewhere")
    done = stage.run("true", change=change)
    assert done.returncode == 1 and f"/{name}" in done.stderr


def fake_proc(directory: Path) -> Path:
    """What a container would have the runtime write to."""
    for name in ("self/oom_score_adj", "self/attr/exec", "self/attr/apparmor/exec",
                 "sys/net/ipv4/ip_forward", "sys/kernel/core_pattern", "kcore", "sysrq-trigger"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text("fake\n")
    return directory


@pytest.mark.parametrize("is_over", [False, True], ids=["in its place", "over it"])
def test_a_volume_on_proc_is_refused_cve_2019_16884(stage, is_over):
    volume = fake_proc(stage.directory / "volume")

    def change(document, _rootfs):
        if is_over:
            document["mounts"].append(bind(volume, "/proc"))
        else:
            replace_mount(document, "/proc", bind(volume, "/proc"))
    done = stage.run("true", change=change)
    assert done.returncode == 1 and "it doesn't lie where it has to" in done.stderr


def test_a_volume_on_proc_without_the_masked_files_is_refused_too(stage):
    (stage.directory / "volume").mkdir()

    def change(document, _rootfs):
        replace_mount(document, "/proc", bind(stage.directory / "volume", "/proc"))
    done = stage.run("true", change=change)
    assert done.returncode == 1 and "it doesn't lie where it has to" in done.stderr


def with_writes_to_proc(document):
    document["process"]["oomScoreAdj"] = 77
    document["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}


def test_what_is_written_to_proc_goes_to_the_kernel_cve_2025_52881(stage):
    volume = fake_proc(stage.directory / "volume")

    def change(document, _rootfs):
        with_writes_to_proc(document)
        replace_mount(document, "/proc", bind(volume, "/proc"))
        document["linux"] |= {"maskedPaths": [], "readonlyPaths": []}
    name = stage.create("true", change=change)
    pid = stage.pid(name)
    at = stage.jail.path(f"/proc/{pid}")
    assert (at / "oom_score_adj").read_text() == "77\n"
    out = stage.jail.check(["nsenter", "--net", "--target", str(pid), "cat",
                            "/proc/sys/net/ipv4/ip_forward"])
    assert out == "1"
    assert {f.read_text() for f in volume.rglob("*") if f.is_file()} == {"fake\n"}


# CVE-2025-31133: what masks is not what the image says it is.

MASKED = [path for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list")
          if os.path.exists(path)]
IS_MASKED = "stat -c '%t,%T' " + " ".join(MASKED)


def null_is_a_file(dev: Path):
    (dev / "null").write_text("")


def null_is_a_link(dev: Path):
    (dev / "null").symlink_to("/proc/sys/kernel/core_pattern")


def null_is_another_device(dev: Path):
    os.mknod(dev / "null", stat.S_IFCHR | 0o666, os.makedev(1, 5))


@pytest.mark.parametrize("make", [null_is_a_file, null_is_a_link, null_is_another_device])
@pytest.mark.parametrize("is_bound", [False, True], ids=["image", "volume"])
def test_masks_are_the_null_device_whatever_dev_has_cve_2025_31133(stage, make, is_bound):
    volume = stage.directory / "volume"
    volume.mkdir()

    def change(document, rootfs):
        keep = [m for m in document["mounts"] if not m["destination"].startswith("/dev")]
        document["mounts"] = keep + ([bind(volume, "/dev")] if is_bound else [])
        make(volume if is_bound else rootfs / "dev")
    done = stage.run(IS_MASKED, change=change)
    assert done.stdout.split() == ["1,3"] * len(MASKED), done.stderr


# CVE-2025-52565: /dev/console leads elsewhere.

@pytest.mark.parametrize("target", ["/proc/sys/kernel/core_pattern", "/proc/self/fd/7",
                                    "/../../../../canary"])
def test_a_console_that_is_a_link_is_refused_cve_2025_52565(stage, target):
    def change(document, rootfs):
        document["process"]["terminal"] = True
        document["mounts"] = [m for m in document["mounts"]
                              if m["destination"] not in ("/dev", "/dev/shm", "/dev/mqueue")]
        (rootfs / "dev/console").symlink_to(target)
    done = stage.run("true", change=change, prefix=[*holding(stage), *ON_TERMINAL])
    assert done.returncode == 1 and "/dev/console" in done.stdout


# CVE-2021-30465, without a race: destinations of mounts that lead out.

@pytest.mark.parametrize("text", ["HOST", "../../../../../../..HOST", "/proc/self/fd/7"])
@pytest.mark.parametrize("below", ["", "/made/here"])
def test_a_destination_is_looked_up_in_the_rootfs_only_cve_2021_30465(stage, text, below):
    (stage.directory / "data").mkdir()

    def change(document, rootfs):
        (rootfs / "link").symlink_to(text.replace("HOST", str(stage.host)))
        (rootfs / str(stage.host)[1:]).mkdir(parents=True)
        document["mounts"].append(bind(stage.directory / "data", f"/link{below}"))
    stage.run("true", change=change, prefix=holding(stage))
    stage.assert_host_is_untouched()


# CVE-2022-29162 and what else a process gets.

def test_no_capability_is_inheritable_or_ambient_by_itself_cve_2022_29162(stage):
    name = stage.start("exec sleep 60")
    show = ["/bin/grep", "-E", "CapInh|CapAmb", "/proc/self/status"]
    for words_ in ([], ["--cap", "CAP_NET_ADMIN"]):
        out = stage.ok("exec", *words_, name, *show)
        assert [int(line.split()[1], 16) for line in out.splitlines()] == [0, 0]
    out = stage.run(*show).stdout
    assert [int(line.split()[1], 16) for line in out.splitlines()] == [0, 0]


def test_device_nodes_of_the_host_can_be_made_but_not_opened(stage):
    """Nodes may be made, as under runc and crun: packages bring some. The cgroup denies the rest."""
    def change(_document, rootfs):
        os.mknod(rootfs / "memory", stat.S_IFCHR | 0o666, os.makedev(1, 1))
    script = ("mknod /tmp/disk b 8 0; mknod /tmp/mem c 1 1; mknod /tmp/null c 1 3; "
              "for f in /memory /tmp/disk /tmp/mem; do head -c 1 $f && echo HAS $f; done; "
              "cat /tmp/null && echo null")
    name = stage.start("exec sleep 60", change=change)
    for done in (stage.run(script, change=change), stage("exec", name, "/bin/sh", "-c", script)):
        assert done.stdout == "null\n"
        assert done.stderr.count("Operation not permitted") == 3


def test_keys_of_the_callers_session_stay_there(stage):
    prefix = [stage.attacker, "keyed", "attack:key"]
    find = ["/attacker", "search", "attack:key"]
    control = stage.run(*find, prefix=prefix, options=["--no-new-keyring"])
    assert control.stdout == "found the key\n"
    assert stage.run(*find, prefix=prefix).stdout == "no key\n"
    name = stage.start("exec sleep 60", prefix=prefix)
    assert stage.ok("exec", name, *find, prefix=prefix) == "no key\n"


def test_hooks_get_their_own_environment_and_descriptors_only(stage):
    """Neither the caller's variables, nor those of the image (LD_PRELOAD, CVE-2025-23266)."""
    out = stage.directory / "hook"
    kinds = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")

    def change(document, _rootfs):
        document["process"]["env"].append("LD_PRELOAD=/evil.so")
        document["hooks"] = {kind: [{
            "path": "/bin/sh", "env": ["HOOK=1"],
            "args": ["sh", "-c", f"env >{out}.{kind}; ls -l /proc/self/fd >>{out}.{kind}"],
        }] for kind in kinds}
    done = stage.run("true", change=change, prefix=holding(stage))
    assert done.returncode == 0, done.stderr
    for kind in kinds:
        text = Path(f"{out}.{kind}").read_text()
        assert "HOOK=1" in text
        assert "LD_PRELOAD" not in text and SECRET not in text and "INSIDE" not in text
        assert str(stage.host) not in text, text


def test_dev_shm_is_not_the_hosts(stage):
    stage.jail.check(["sh", "-c", "echo here >/dev/shm/of-the-host"])
    assert stage.run("ls /dev/shm; echo x >/dev/shm/inside").stdout == ""
    assert stage.jail.check(["ls", "/dev/shm"]) == "of-the-host"
    stage.jail.check(["rm", "/dev/shm/of-the-host"])


# A container that makes itself hard to remove.

def test_cgroups_that_are_nested_deeper_than_a_path_are_removed(stage):
    def change(document, _rootfs):
        replace_mount(document, "/sys/fs/cgroup",
                      {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"})
    name = stage.start("cd /sys/fs/cgroup && exec /attacker burrow 120", change=change)
    stage.wait_for(name, "there")
    stage.ok("kill", name, "KILL")
    stage.ok("delete", "--force", name)
    assert stage.jail.cgroups() == []
