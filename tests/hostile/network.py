"""A whole internet on one machine: every address is ours, and names mean what a test says.

Only for a process in a network and mount namespace of its own (`unshare --net --mount`).
"""

import ctypes
import fcntl
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

RESOLVER = "127.0.0.53"
CNAME, A, AAAA = 5, 1, 28
SERVFAIL, NXDOMAIN = 2, 3

Answers = tuple[str, ...] | int | None
"""Addresses, `=other.name` for a CNAME, an error code, or None for silence."""
Zone = dict[str, Answers | Callable[[], Answers]]


def open_loopback() -> None:
    """Bring the loopback device up and make every address of IPv4 and IPv6 an address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.pack("16sh", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(control, 0x8914, flags)  # SIOCSIFFLAGS
    for family in (socket.AF_INET, socket.AF_INET6):
        _route_everything_here(family)


def _route_everything_here(family: socket.AddressFamily) -> None:
    """Say over netlink what `ip route add local default dev lo` says (rtnetlink(7))."""
    route = struct.pack("BBBBBBBBI", family, 0, 0, 0, 255, 3, 254, 2, 0)  # the local table, scope host, type local
    device = struct.pack("HHi", 8, 4, socket.if_nametoindex("lo"))  # RTA_OIF
    length = 16 + len(route) + len(device)
    head = struct.pack("IHHII", length, 24, 0x1 | 0x4 | 0x400, 1, 0)  # RTM_NEWROUTE: request, acknowledge, create
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.bind((0, 0))
        netlink.send(head + route + device)
        error = struct.unpack_from("i", netlink.recv(4096), 16)[0]
    if error:
        raise OSError(-error, os.strerror(-error))


def put_over(source: Path, target: Path) -> None:
    """Let this process and its children find one file in the place of another."""
    libc = ctypes.CDLL(None, use_errno=True)
    bind = 4096
    if libc.mount(str(source).encode(), str(target.resolve()).encode(), None, bind, None):
        raise OSError(ctypes.get_errno(), f"{source} cannot be put over {target}")


class Names:
    """A name server that knows one zone; what it does not know does not exist."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((RESOLVER, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4096)
            if reply := self._reply(question):
                self._socket.sendto(reply, sender)

    def _reply(self, question: bytes) -> bytes | None:
        name, end = _name_at(question, 12)
        kind = struct.unpack_from("!H", question, end)[0]
        self.asked.append(name)
        found = self.zone.get(name, NXDOMAIN)
        answers = found() if callable(found) else found
        if answers is None:
            return None
        code = answers if isinstance(answers, int) else 0
        records = [] if isinstance(answers, int) else self._records(name, answers, kind)
        head = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        return head + question[12 : end + 4] + b"".join(records)

    def _records(self, name: str, answers: tuple[str, ...], kind: int) -> list[bytes]:
        records = []
        for answer in answers:
            if answer.startswith("="):
                records.append(_record(name, CNAME, _encoded(answer[1:])))
                followed = self.zone.get(answer[1:], ())
                records += self._records(answer[1:], followed if isinstance(followed, tuple) else (), kind)
            elif (":" in answer) == (kind == AAAA):
                family = socket.AF_INET6 if kind == AAAA else socket.AF_INET
                records.append(_record(name, kind, socket.inet_pton(family, answer)))
        return records


def _record(name: str, kind: int, data: bytes) -> bytes:
    return _encoded(name) + struct.pack("!HHIH", kind, 1, 0, len(data)) + data


def _encoded(name: str) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _name_at(message: bytes, start: int) -> tuple[str, int]:
    labels = []
    while size := message[start]:
        labels.append(message[start + 1 : start + 1 + size].decode("latin-1").lower())
        start += size + 1
    return ".".join(labels), start + 1


def settle(folder: Path, zone: Zone, certificates: Mapping[Path, Path]) -> Names:
    """Move in: routes, a name server, and files in the places of others."""
    open_loopback()
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver {RESOLVER}\noptions timeout:1 attempts:1\n")
    for source, target in {resolver: Path("/etc/resolv.conf"), **certificates}.items():
        put_over(source, target)
    return Names(zone)
