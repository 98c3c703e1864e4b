"""HTTP byte by byte, and what a process holds meanwhile."""
import json
import os
import socket
import struct
import time
import urllib.parse

LONG = os.environ.get("PAWL_TEST_LONG") == "1"
SANITIZED = "san" in os.environ.get("PAWL_BINARY", "")  # memory is not what it would be


def request(target, body=b"{}", *headers):
    """A call's bytes. A header that is given is there instead of the usual one of that name, or besides."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {b"Host": b"x", b"X-Amz-Target": b"AWSStepFunctions." + target.encode(), b"Content-Type": b"application/x-amz-json-1.0",
             b"Content-Length": str(len(body)).encode()}
    for name, value in headers:
        lines[name] = value
    return b"POST / HTTP/1.1\r\n" + b"".join(b"%s: %s\r\n" % line for line in lines.items()) + b"\r\n" + body


LIST = request("ListStateMachines")


def connect(service, seconds=10, source=None):
    host, port = urllib.parse.urlsplit(service.endpoint).netloc.split(":")
    return socket.create_connection((host, int(port)), timeout=seconds, source_address=source)


def reset(connection):
    """Closes it without a word more; its port is free at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_answer(connection, data=b""):
    """(status, headers in lower case, body, what follows)."""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise EOFError(data)
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", 0))
    while len(rest) < length:
        piece = connection.recv(65536)
        if not piece:
            raise EOFError(data)
        rest += piece
    return int(first.split()[1]), headers, rest[:length], rest[length:]


def ask(service, data=LIST, seconds=30):
    with connect(service, seconds) as connection:
        connection.sendall(data)
        return read_answer(connection)


def is_ended(connection, seconds):
    """Whether the other end closes within that time; what it says before is dropped."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            if not connection.recv(1 << 20):
                return True
        except TimeoutError:
            return False
        except ConnectionError:
            return True
    return False


def seconds_until(holds, seconds):
    """How long it took; fails when it took longer."""
    begin = time.monotonic()
    while not holds():
        assert time.monotonic() - begin < seconds, f"not so within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begin


def files_of(service):
    return len(os.listdir(f"/proc/{service.process.pid}/fd"))


def memory_of(service):
    """Resident, in MiB."""
    with open(f"/proc/{service.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def said(service, event):
    return [line for line in service.log.read_text().splitlines() if f" event={event} " in line]
