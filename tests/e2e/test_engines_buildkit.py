# SPDX-License-Identifier: Apache-2.0
"""The calls that buildkitd makes, with the runtime under test and with runc."""
import pytest

from support.daemon import PATIENCE, wait_until
from support.engines import records
from support.engines.buildkit import Build
from support.engines.cases import shell
from support.engines.play import same

pytestmark = pytest.mark.xdist_group("engines-others")

REFERENCES = ("runc",)  # crun has no --keep


@pytest.fixture(scope="module")
def plays(buildkit):
    return buildkit.plays


def check(plays, scenario):
    return same(plays, scenario, references=REFERENCES)


def test_a_step_is_run_kept_and_deleted(plays):
    def scenario(play):
        build = Build(play, shell("cat; echo made >/made; echo error >&2; exit 7"))
        done = build.run(stdin="words\n")
        kept = build.state()
        deleted = build.delete()
        assert build.error() == ""
        return (done.returncode, done.stdout, done.stderr, kept["status"], kept["pid"],
                deleted.returncode, deleted.stdout, build.state(),
                (build.upper / "made").read_text())
    assert check(plays, scenario) == (7, "words\n", "error\n", "stopped", 0, 0, "", {}, "made\n")


def test_the_state_is_what_callers_read(plays):
    def scenario(play):
        build = Build(play, ["sleep", "100"]).start()
        state = build.state()
        assert play.jail.check(["cat", f"/proc/{state['pid']}/cmdline"]) == "sleep\0" "100\0"
        assert state["created"].endswith("Z")
        build.kill()
        build.end()
        return ({key: state[key] for key in ("status", "ociVersion")} | {"keys": sorted(
            state.keys() - {"annotations", "owner"})},
                state["id"] == build.id, state["bundle"] == str(build.directory),
                state["rootfs"] == str(build.rootfs))
    assert check(plays, scenario)[0]["status"] == "running"


def test_exec_is_in_the_container_of_the_step(plays):
    def scenario(play):
        build = Build(play, shell("echo here >/tmp/here; sleep 100")).start()
        seen = []
        for args, more in ((shell("sleep 0.2; cat /tmp/here; echo error >&2; exit 9"), {}),
                           (["cat"], {}),
                           (["id", "-u"], {"user": {"uid": 5, "gid": 6, "additionalGids": [7]}}),
                           (["pwd"], {"cwd": "/usr"}),
                           (shell("echo $A"), {"env": ["A=b", "PATH=/bin"]}),
                           (shell("kill -9 $$"), {}),
                           (["grep", "^Cap", "/proc/self/status"], {"capabilities": {}}),
                           (["grep", "NoNew", "/proc/self/status"], {"noNewPrivileges": True})):
            done = build.exec(args, stdin="words\n", **more)
            seen.append((done.returncode, done.stdout, done.stderr))
        build.kill()
        return seen, build.end()
    seen, end = check(plays, scenario)
    assert seen[:3] == [(9, "here\n", "error\n"), (0, "words\n", ""), (0, "5\n", "")]
    assert [code for code, _, _ in seen] == [9, 0, 0, 0, 0, 137, 0, 0]
    assert end[0] == 137


@pytest.mark.parametrize("args", [["/bin/nope"], ["nope"], ["/usr/local/bin/not-executable"]],
                         ids=["no-path", "no-word", "not-executable"])
def test_an_exec_that_fails_says_why_and_ends_with_255(plays, args):
    def scenario(play):
        build = Build(play, ["sleep", "100"]).start()
        done = build.exec(args)
        error = records.error_class(build.error())
        build.kill()
        return done.returncode, done.stdout, error, build.end()[0]
    assert check(plays, scenario)[0] == 255


@pytest.mark.parametrize("args,more", [
    (["/bin/nope"], {}), (["nope"], {}), (["/usr/local/bin/not-executable"], {}),
    (["true"], {"cwd": "/etc/passwd"}), (["true"], {"cwd": "relative"}),
    (["true"], {"terminal": True}),
], ids=["no-path", "no-word", "not-executable", "cwd-is-a-file", "cwd-is-relative", "no-console"])
def test_a_step_that_can_not_start_says_why_and_ends_with_1(plays, args, more):
    def scenario(play):
        build = Build(play, args, **more)
        done = build.run()
        error = build.error()
        assert error.strip() in done.stderr  # for who calls it by hand
        deleted = build.delete().returncode  # runc has made nothing where it sees at once that it can't
        return done.returncode, done.stdout, records.error_class(error), deleted if same_delete else 0
    same_delete = more.get("cwd") != "/etc/passwd" and not more.get("terminal")
    assert check(plays, scenario)[0] == 1


def test_kill_ends_every_process_of_the_step(plays):
    def scenario(play):
        build = Build(play, shell("setsid sleep 1003 & setsid sleep 1003 & sleep 1003")).start()
        wait_until(lambda: len(sleeping(play)) == 3, PATIENCE, "they run")
        killed = build.kill()
        end = build.end()
        return killed.returncode, end, sleeping(play), build.delete().returncode

    def sleeping(play):
        return [line for line in play.jail.processes().values() if line == "sleep 1003"]
    assert check(plays, scenario) == (0, (137, "", ""), [], 0)


def test_calls_for_a_container_that_is_not_there_or_has_ended(plays):
    def scenario(play):
        build = Build(play, ["true"])
        seen = []

        def step(*args):
            done = build.call(*args, build.id, *(["9"] if args == ("kill",) else []))
            words = [word for word in ("does not exist", "not running", "stopped", "already exists")
                     if word in build.error()]
            seen.append((args[0], done.returncode, words if done.returncode else []))
        for args in (("state",), ("kill",), ("delete",), ("delete", "--force"), ("start",)):
            step(*args)
        build.run()
        step("run", "--bundle", str(build.directory))
        step("kill")
        step("start")
        done = build.exec(["true"])
        seen.append(("exec", done.returncode))
        step("delete")
        step("delete")
        return seen
    assert check(plays, scenario)[5][1] == 1


def test_a_step_that_is_running_is_not_deleted_without_force(plays):
    def scenario(play):
        build = Build(play, ["sleep", "100"]).start()
        plain = build.delete().returncode
        forced = build.call("delete", "--force", build.id).returncode
        return plain, forced, build.end()[0], build.state()
    assert check(plays, scenario) == (1, 0, 137, {})


def test_the_upper_holds_what_the_step_did_only(plays):
    def scenario(play):
        build = Build(play, shell("echo x >/srv/x; rm /etc/issue"))
        build.run()
        build.delete()
        return sorted(str(path.relative_to(build.upper)) for path in build.upper.rglob("*"))
    # Where hosts is mounted a file is made, which buildkitd itself removes.
    assert check(plays, scenario) == ["etc", "etc/hosts", "etc/issue", "srv", "srv/x"]
