# SPDX-License-Identifier: Apache-2.0
"""The main job on real root file systems: trust while it runs, no trace afterwards."""
import pytest

from support import manifest, pki, rootfs

ALL = pytest.mark.parametrize(
    "name,how", [(name, how) for name in rootfs.NAMES for how in rootfs.HOW],
    ids=[f"{name}-{how}" for name in rootfs.NAMES for how in rootfs.HOW])
WITH_CURL = pytest.mark.parametrize(
    "name,how", [(name, how) for name in rootfs.NAMES if name.endswith("-ca") for how in rootfs.HOW],
    ids=[f"{name}-{how}" for name in rootfs.NAMES if name.endswith("-ca") for how in rootfs.HOW])

CURL_BAD_CERTIFICATE = 60


@WITH_CURL
@pytest.mark.parametrize("user", ["root", "nobody"])
def test_curl_trusts_the_operators_server(daemon, server, operator, make_rootfs, name, how, user):
    root = make_rootfs(name, how)
    done = daemon.ctl("run", *root.options, "--user", user, "--ca", "require", "curl", "-sS",
                      server.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{pki.GREETING}\n"
    assert done.stderr == ""
    root.assert_untouched()
    root.assert_nothing_of(operator)


@WITH_CURL
def test_curl_refuses_the_server_without_authorities(daemon, server, make_rootfs, name, how):
    root = make_rootfs(name, how)
    done = daemon.ctl("run", *root.options, "--ca", "off", "curl", "-sS", server.url)
    assert done.returncode == CURL_BAD_CERTIFICATE, done.stderr
    assert pki.GREETING not in done.stdout
    root.assert_untouched()


@ALL
def test_the_authority_is_in_the_bundle_while_the_process_runs(daemon, operator, make_rootfs, name,
                                                              how):
    root = make_rootfs(name, how)
    done = daemon.ctl("run", *root.options, "grep", "-cF", operator.body[0], rootfs.BUNDLES[name])
    assert done.stdout.strip() == "1", done.stderr
    root.assert_untouched()


@ALL
@pytest.mark.parametrize("trust", ["on", "require", "off"])
def test_a_process_that_does_nothing_leaves_nothing(daemon, operator, make_rootfs, name, how,
                                                    trust):
    root = make_rootfs(name, how)
    done = daemon.ctl("run", *root.options, "--ca", trust, "true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    root.assert_untouched()
    root.assert_nothing_of(operator)


@ALL
def test_two_execs_after_one_another_leave_nothing(daemon, make_rootfs, name, how):
    root = make_rootfs(name, how)
    for _ in range(2):
        assert daemon.ctl("run", *root.options, "true").returncode == 0
    root.assert_untouched()


@ALL
def test_what_the_process_itself_wrote_is_kept(daemon, operator, make_rootfs, name, how):
    root = make_rootfs(name, how)
    done = daemon.ctl("run", *root.options, "sh", "-c",
                      "echo kept > /etc/kept; chmod 640 /etc/kept; rm /etc/issue")
    assert done.returncode == 0, done.stderr
    assert root.path("/etc/kept").read_text() == "kept\n"
    after = root.manifest()
    expected = dict(root.before)
    expected["etc/kept"] = after["etc/kept"]
    if how == "overlay":  # the whiteout, and the directory that was copied up for both
        expected["etc"] = after["etc"]
        expected["etc/issue"] = after["etc/issue"]
        assert after["etc/issue"].kind == "char device"
        # The kernel marks the directory in which it copies one up: here the process's doing.
        expected["."] = expected["."]._replace(xattrs=after["."].xattrs)
    else:
        del expected["etc/issue"]
        expected["etc"] = expected["etc"]._replace(mtime_ns=after["etc"].mtime_ns)
    assert manifest.differences(expected, after) == []


@pytest.mark.parametrize("how", rootfs.HOW)
def test_a_read_only_rootfs_is_left_alone(daemon, make_rootfs, how):
    root = make_rootfs("bookworm-ca", how)
    done = daemon.ctl("run", *root.options, "--read-only", "sh", "-c", "! touch /x 2>/dev/null")
    assert done.returncode == 0, done.stderr
    root.assert_untouched()


def test_the_default_rootfs_is_the_host_with_a_throw_away_upper(daemon, server, volatile):
    upper = volatile / "upper"
    upper.mkdir()
    done = daemon.ctl("run", "--upper", upper, "--ca", "require", "curl", "-sS", server.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{pki.GREETING}\n"
    assert list(upper.iterdir()) == []
    done = daemon.ctl("run", "--upper", upper, "touch", "/root/by-the-process")
    assert [str(p.relative_to(upper)) for p in upper.rglob("*")] == ["root",
                                                                     "root/by-the-process"]
    upper_less = daemon.ctl("run", "test", "!", "-e", "/root/by-the-process")
    assert upper_less.returncode == 0
