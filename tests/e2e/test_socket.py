# SPDX-License-Identifier: Apache-2.0
"""Hostile bytes on the socket: typed errors, the daemon lives, its memory is bounded."""
import os
import random
import stat
import time

import pytest

from support import wire
from support.daemon import wait_until
from support.wire import Connection, call, field, frame

MIB = 1 << 20
INFO = call("Info")


def info_works(connection, stream: int) -> bool:
    connection.send(frame(INFO, stream))
    return connection.reply()[:2] == (stream, 0)


def test_the_socket_is_for_root_and_its_group(daemon):
    mode = os.stat(daemon.socket)
    assert stat.S_ISSOCK(mode.st_mode)
    assert stat.S_IMODE(mode.st_mode) == 0o660


@pytest.mark.parametrize("body,code", [
    pytest.param(call("Nope"), wire.UNIMPLEMENTED, id="an_unknown_method"),
    pytest.param(call("Info", service="anchord.v9.Executor"), wire.UNIMPLEMENTED,
                 id="an_unknown_service"),
    pytest.param(b"", wire.UNIMPLEMENTED, id="nothing"),
    pytest.param(b"\xff" * 64, wire.INVALID_ARGUMENT, id="an_envelope_that_is_no_message"),
    pytest.param(field(1, b"\xff\xfe") + field(2, "Info"), wire.INVALID_ARGUMENT,
                 id="a_service_that_is_not_utf8"),
    pytest.param(call("State", b"\x0a\xff"), wire.INVALID_ARGUMENT,
                 id="a_payload_that_is_no_message"),
    pytest.param(call("State", field(1, b"a\0b")), wire.INVALID_ARGUMENT,
                 id="a_string_with_a_nul"),
    pytest.param(call("State", field(1, b"\xc3\x28")), wire.INVALID_ARGUMENT,
                 id="a_string_that_is_not_utf8"),
    pytest.param(call("Run", field(1, "../../etc") + field(5, "true")), wire.INVALID_ARGUMENT,
                 id="an_id_with_slashes"),
    pytest.param(call("Run"), wire.INVALID_ARGUMENT, id="a_run_without_a_command"),
    pytest.param(call("Run", field(5, "true") * 5000), None, id="too_many_arguments"),
    pytest.param(call("Run", field(5, "x" * 200000)), None, id="too_long_an_argument"),
    pytest.param(call("State", field(1, "no-such-exec")), 5, id="an_id_that_nobody_has"),
    pytest.param(call("Kill", field(1, "no-such-exec") + field(2, 9)), 5,
                 id="a_kill_of_an_id_that_nobody_has"),
])
def test_a_typed_error_answers(daemon, body, code):
    with Connection(daemon.socket) as c:
        c.send(frame(body))
        stream, status, message, _ = c.reply()
        assert stream == 1
        assert status == code if code else status in (wire.INVALID_ARGUMENT,
                                                      wire.RESOURCE_EXHAUSTED), message
        assert message
        assert info_works(c, 3), "the connection lives on"


@pytest.mark.parametrize("stream", [0, 2, 0xfffffffe])
def test_an_even_stream_id_is_refused_and_the_connection_lives(daemon, stream):
    with Connection(daemon.socket) as c:
        c.send(frame(INFO, stream))
        assert c.reply()[:2] == (stream, wire.INVALID_ARGUMENT)
        assert info_works(c, 1)


def test_a_stream_id_is_not_used_again(daemon):
    with Connection(daemon.socket) as c:
        assert info_works(c, 5)
        for used in (5, 3):
            c.send(frame(INFO, used))
            assert c.reply()[:2] == (used, wire.INVALID_ARGUMENT)
        assert info_works(c, 7)


@pytest.mark.parametrize("kind", [wire.RESPONSE, 0, 4, 255])
def test_frames_of_other_types_are_ignored(daemon, kind):
    with Connection(daemon.socket) as c:
        c.send(frame(b"whatever", 1, kind))
        assert info_works(c, 1)


def test_a_message_above_the_protocols_limit_is_refused_and_the_connection_lives(daemon):
    with Connection(daemon.socket) as c:
        c.send(frame(b"\0" * (4 * MIB + 1)))
        assert c.reply()[:2] == (1, wire.RESOURCE_EXHAUSTED)
        assert info_works(c, 3)


def test_an_absurd_length_ends_the_connection(daemon):
    with Connection(daemon.socket) as c:
        c.send(wire.HEADER.pack(0xffffffff, 1, wire.REQUEST, 0) + b"x")
        while (answer := c.reply()) is not None:  # a typed error first is welcome
            assert answer[1] == wire.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("cut", [1, 5, 9, 10, 15, len(frame(INFO)) - 1])
def test_a_truncated_frame_harms_nobody(daemon, cut):
    with Connection(daemon.socket) as c:
        c.send(frame(INFO)[:cut])
    assert daemon.ctl("info").returncode == 0


def test_a_frame_that_arrives_a_byte_at_a_time_is_served(daemon):
    with Connection(daemon.socket) as c:
        for byte in frame(INFO):
            c.send(bytes([byte]))
            time.sleep(0.001)
        assert c.reply()[:2] == (1, 0)


def test_garbage_harms_nobody(daemon):
    random_bytes = random.Random(1)
    for _ in range(200):
        with Connection(daemon.socket) as c:
            c.send(random_bytes.randbytes(random_bytes.randrange(1, 4000)))
    assert daemon.ctl("info").returncode == 0


def test_mutated_requests_harm_nobody(daemon):
    rng = random.Random(2)
    good = frame(call("Explain", field(1, field(1, "bind") + field(2, "/nowhere") +
                                       field(4, "rbind")) + field(2, field(3, "/x"))))
    for _ in range(300):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(wire.HEADER.size, len(data))] = rng.randrange(256)
        with Connection(daemon.socket) as c:
            c.send(bytes(data))
            assert c.reply() is not None
    assert daemon.ctl("info").returncode == 0


def test_memory_stays_bounded_under_messages_that_blow_up(daemon):
    """Decoding amplifies empty submessages and unknown fields some fifty times."""
    four_mib = 4 * MIB - 100
    bombs = [field(1, wire.SERVICE) + field(2, "Run") + field(5, b"") * (four_mib // 2 - 64),
             call("Run", field(3, b"") * (four_mib // 2 - 64)),
             call("Run", field(999, b"") * (four_mib // 3 - 64))]
    before = daemon.rss_bytes()
    for bomb in bombs * 3:
        with Connection(daemon.socket) as c:
            c.send(frame(bomb))
            status = c.reply()[1]
            assert status in (wire.INVALID_ARGUMENT, wire.RESOURCE_EXHAUSTED, wire.INTERNAL)
    # A sanitizer keeps freed memory in quarantine (256 MiB), which is not ours to bound.
    assert daemon.rss_bytes() - before < 400 * MIB
    assert daemon.ctl("info").returncode == 0


def test_memory_stays_bounded_under_half_sent_messages(daemon):
    before = daemon.rss_bytes()
    connections = [Connection(daemon.socket) for _ in range(32)]
    for c in connections:
        c.send(wire.HEADER.pack(4 * MIB, 1, wire.REQUEST, 0) + b"x" * 1000)
    assert daemon.ctl("info").returncode == 0
    assert daemon.rss_bytes() - before < 160 * MIB
    for c in connections:
        c.socket.close()


def test_a_client_that_never_reads_is_cut_off_or_stalled_but_bounded(daemon):
    before = daemon.rss_bytes()
    with Connection(daemon.socket, timeout=3) as c:
        try:
            for stream in range(1, 200001, 2):
                if not c.send(frame(INFO, stream)):
                    break
        except TimeoutError:
            pass  # the daemon has stopped reading: as good
    assert daemon.rss_bytes() - before < 400 * MIB
    assert daemon.ctl("info").returncode == 0


def test_more_connections_than_allowed_leave_room_after_they_end(daemon):
    connections = []
    for _ in range(400):
        try:
            connections.append(Connection(daemon.socket, timeout=2))
        except OSError:
            break
    for c in connections:
        c.socket.close()
    wait_until(lambda: daemon.ctl("info").returncode == 0, 10, "anchord answers again")


def test_calls_are_answered_out_of_order(daemon):
    with Connection(daemon.socket) as c:
        run = field(1, "slow-one") + field(5, "sleep") + field(5, "1") + field(12, 1)
        c.send(frame(call("Run", run), 1) + frame(INFO, 3))
        assert [c.reply()[:2], c.reply()[:2]] == [(3, 0), (1, 0)]
