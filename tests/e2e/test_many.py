# SPDX-License-Identifier: Apache-2.0
"""Many execs at once: 200, 8 at a time, over separate overlays of the same lowers."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import pki

N_EXECS = 200
AT_ONCE = 8
EVERY_NTH_HAS_CURL = 10  # the others run on the smallest root: no tool, hence many a second

SMALL = 'grep -qF "$1" /etc/ssl/certs/ca-certificates.crt && echo "$2" > /result && exit "$3"'
CURL = 'curl -sS "$4" && echo "$2" > /result && exit "$3"'


@pytest.mark.slow
def test_two_hundred_execs_eight_at_a_time_are_all_right(daemon, operator, server, make_rootfs):
    def one(number: int) -> list:
        has_curl = number % EVERY_NTH_HAS_CURL == 0
        root = make_rootfs("bookworm-ca" if has_curl else "bookworm-minbase", "overlay")
        status = number % 100
        done = daemon.ctl("run", *root.options, "--ca", "require", "sh", "-c",
                          CURL if has_curl else SMALL, "sh", operator.body[0], number, status,
                          server.url, timeout=300)
        wrong = []
        if (done.returncode, done.stdout) != (status, f"{pki.GREETING}\n" if has_curl else ""):
            wrong.append(f"{number}: status {done.returncode}, {done.stdout!r}, {done.stderr!r}")
        left = {p.name: p for p in root.tree.iterdir()}
        if list(left) != ["result"] or left["result"].read_text() != f"{number}\n":
            wrong.append(f"{number}: the upper holds {sorted(map(str, root.tree.rglob('*')))}")
        return wrong

    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = [line for lines in pool.map(one, range(N_EXECS)) for line in lines]
    assert not wrong, "\n".join(wrong)
    assert daemon.json("ps") == []
    daemon.assert_clean()


def test_execs_over_one_bound_directory_at_the_same_time_leave_nothing(daemon, operator,
                                                                       make_rootfs):
    root = make_rootfs("bookworm-minbase", "bind")

    def one(_):
        return daemon.ctl("run", *root.options, "--ca", "require", "grep", "-cF", operator.body[0],
                          "/etc/ssl/certs/ca-certificates.crt", timeout=300)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, range(12)))
    assert [(done.returncode, done.stdout) for done in results] == [(0, "1\n")] * 12, results
    root.assert_untouched()


def test_an_id_and_a_tree_are_free_when_the_exec_has_ended(daemon, operator, make_rootfs):
    """The disk may not have seen its undo yet: the next exec waits for that, and says nothing."""
    root = make_rootfs("bookworm-minbase", "overlay")
    for _ in range(10):
        done = daemon.ctl("run", "--id", "again", *root.options, "--ca", "require", "grep", "-cF",
                          operator.body[0], "/etc/ssl/certs/ca-certificates.crt")
        assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
        root.assert_untouched()
    daemon.assert_clean()
