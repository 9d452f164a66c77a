# SPDX-License-Identifier: Apache-2.0
"""ttrpc by hand, so that a test can send what no client would."""
import socket
import struct

SERVICE = "anchord.v1.Executor"
REQUEST, RESPONSE, DATA = 1, 2, 3
HEADER = struct.Struct(">IIBB")  # length, stream id, type, flags

INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 3, 8, 12, 13


def varint(n: int) -> bytes:
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number: int, value) -> bytes:
    """A protobuf field: bytes and text length-delimited, numbers as varint."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def call(method: str, payload: bytes = b"", service: str = SERVICE) -> bytes:
    """The envelope of a request."""
    return field(1, service) + field(2, method) + field(3, payload)


def frame(body: bytes, stream: int = 1, kind: int = REQUEST, flags: int = 0) -> bytes:
    return HEADER.pack(len(body), stream, kind, flags) + body


def fields(data: bytes) -> dict:
    """number -> the last value; enough to read a status."""
    found, at = {}, 0

    def take_varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = take_varint()
        if key & 7 == 0:
            found[key >> 3] = take_varint()
        else:
            assert key & 7 == 2, f"wire type {key & 7}"
            length = take_varint()
            found[key >> 3] = data[at:at + length]
            at += length
    return found


class Connection:
    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        # A connect with a timeout fails at once when the backlog is full; a blocking one waits.
        self.socket.connect(str(path))
        self.socket.settimeout(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes):
        """Returns False if the other side has hung up."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def _read(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            try:
                more = self.socket.recv(n - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                return b""
            data += more
        return data

    def reply(self):
        """(stream, status code, message, payload), or None if the other side hung up."""
        head = self._read(HEADER.size)
        if not head:
            return None
        length, stream, kind, _ = HEADER.unpack(head)
        assert kind == RESPONSE, f"frame of type {kind}"
        envelope = fields(self._read(length)) if length else {}
        status = fields(envelope.get(1, b""))
        return (stream, status.get(1, 0), status.get(2, b"").decode(), envelope.get(2, b""))
