# SPDX-License-Identifier: Apache-2.0
"""A ttrpc client for tests, on Debian's python3-protobuf: another runtime than the daemon's.

    from ttrpc import Client, Error, pb
    with Client("/run/anchord/anchord.sock") as c:
        reply = c.call("Run", pb.RunRequest(args=["true"]))
        call = c.start("Wait", pb.WaitRequest(id="x"))   # asynchronous
        c.call("Kill", pb.KillRequest(id="x", signal=9))
        reply = c.finish(call)

An error reply raises Error with code, message, reason, exit_status and dirty. send_raw() and
recv_frame() speak below the envelope, for hostile clients.
"""
import importlib
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile

SERVICE = "anchord.v1.Executor"
REQUEST, RESPONSE, DATA = 1, 2, 3


def compile_messages():
    """Make Python of the .proto files in a directory that goes when the import is done."""
    root = pathlib.Path(__file__).resolve().parents[2] / "proto"
    with tempfile.TemporaryDirectory(prefix="anchord-ttrpc-") as out:
        subprocess.run(
            ["protoc", f"--proto_path={root}", f"--python_out={out}",
             "ttrpc.proto", "anchord/v1/executor.proto"], check=True)
        # The envelope would be the module ttrpc_pb2, the messages anchord.v1.executor_pb2.
        sys.path.insert(0, out)
        try:
            return (importlib.import_module("ttrpc_pb2"),
                    importlib.import_module("anchord.v1.executor_pb2"))
        finally:
            sys.path.remove(out)


envelope, pb = compile_messages()


def response_type(method):
    """The message class that a method of the service returns."""
    name = pb.DESCRIPTOR.services_by_name["Executor"].methods_by_name[method].output_type.name
    return getattr(pb, name)


class Error(Exception):
    def __init__(self, status):
        super().__init__(f"{status.code}: {status.message}")
        self.code, self.message = status.code, status.message
        detail = pb.ErrorDetail()
        for any_ in status.details:
            if any_.type_url == "anchord.v1.ErrorDetail":
                detail.ParseFromString(any_.value)
        self.reason, self.exit_status, self.dirty = (
            detail.reason, detail.exit_status, detail.dirty)


class Frame:
    def __init__(self, stream, kind, flags, body):
        self.stream, self.kind, self.flags, self.body = stream, kind, flags, body


def pack_frame(stream, body, kind=REQUEST, flags=0):
    return struct.pack(">IIBB", len(body), stream, kind, flags) + body


class Client:
    def __init__(self, path, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.next_stream = 1
        self.method_of = {}  # stream -> method, of calls that are not finished
        self.kept = {}       # stream -> frame, of replies nobody has asked for yet

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def recv_exactly(self, n):
        data = b""
        while len(data) < n:
            piece = self.socket.recv(n - len(data))
            if not piece:
                raise EOFError("the daemon closed the connection")
            data += piece
        return data

    def recv_frame(self):
        length, stream, kind, flags = struct.unpack(">IIBB", self.recv_exactly(10))
        return Frame(stream, kind, flags, self.recv_exactly(length))

    def start(self, method, request, timeout_nano=0, service=SERVICE):
        """Send a call without waiting; gives the stream that finish() takes."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        body = envelope.Request(service=service, method=method, timeout_nano=timeout_nano,
                                payload=request.SerializeToString())
        self.method_of[stream] = method
        self.send_raw(pack_frame(stream, body.SerializeToString()))
        return stream

    def finish(self, stream):
        """Wait for the reply of one call; replies of others are kept."""
        while stream not in self.kept:
            frame = self.recv_frame()
            self.kept[frame.stream] = frame
        return open_reply(self.kept.pop(stream), self.method_of.pop(stream))

    def call(self, method, request, timeout_nano=0):
        return self.finish(self.start(method, request, timeout_nano))


def open_reply(frame, method):
    response = envelope.Response.FromString(frame.body)
    if response.status.code:
        raise Error(response.status)
    return response_type(method).FromString(response.payload)
