"""A process without a network, and the proof of it.

`none`: the process moves into a network namespace of its own (Linux), in which no interface is up, before it does
anything else. Every process that it starts is in it too, whatever it is written in; only a privileged one could leave.
`guarded`: an audit hook (PEP 578) refuses what Python code of this process sends beyond this machine. It sees Python's
own sockets alone: a library that opens its own in C is not held. `none` has the hook as well, to count what was tried.
"""

import ctypes
import errno
import ipaddress
import os
import socket
import struct
import sys
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, Literal

from postgrad.support.errors import Failure

Mode = Literal["allowed", "guarded", "none"]

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
"""CLONE_NEWUSER and CLONE_NEWNET of linux/sched.h."""
GET_FLAGS, UP = 0x8913, 0x1
"""SIOCGIFFLAGS and IFF_UP of linux/sockios.h and linux/if.h."""
NOWHERE = ("192.0.2.1", 9)
"""An address that is nobody's (TEST-NET-1, RFC 5737)."""
WAIT_SECONDS = 2.0
UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
VARIABLE = "POSTGRAD_NETWORK"
"""Tells worker processes that they are to be guarded as well."""
SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
LOCAL = {getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name)}
"""Families whose addresses are all on this machine."""
SHOWN = 8
WHERE = "network"

_held: "Isolation | None" = None
"""What `enter` did in this process."""


@dataclass
class Isolation:
    """What was done about the network and how it was held to it.

    `interfaces`: those of the namespace, with their state. `connect`: what became of an attempt to reach `NOWHERE`.
    `attempts`: how often Python code of this process was refused, and of the worker processes that have ended.
    `tried`: the first few places, of this process.
    """

    mode: Mode
    how: str
    interfaces: list[str] = field(default_factory=list)
    connect: str = ""
    attempts: int = 0
    tried: list[str] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """What run.json and manifests say."""
        return {"mode": self.mode, "how": self.how, "interfaces": self.interfaces, "connect": self.connect,
                "attempts": self.attempts, "tried": self.tried}


def enter(mode: Mode) -> Isolation:
    """Leave the network as far as `mode` says. To be called before this process has a second thread.

    Failure, with what would help, if the system does not allow it or the proof does not hold.
    """
    match mode:
        case "allowed":
            return Isolation(mode, "the network was open to this run")
        case "guarded":
            made = Isolation(mode, "an audit hook refuses what Python code sends beyond this machine")
        case "none":
            made = Isolation(mode, _leave())
            made.interfaces, made.connect = _proof()
    global _held
    guard(made)
    os.environ[VARIABLE] = mode
    _held = made
    return made


def inherit(refused: "Synchronized[int] | None" = None) -> None:
    """Guard a worker process whose parent was told to leave the network; a namespace it has got from it already.

    `refused` counts for the parent what is refused here.
    """
    if os.environ.get(VARIABLE) in ("guarded", "none"):
        guard(Isolation("guarded", "as its parent"), refused)


def add_refused(count: int) -> None:
    """Take what was refused to this process's workers into its own count."""
    if _held is not None:
        _held.attempts += count


def _leave() -> str:
    """Move into a network namespace of our own; how."""
    if not sys.platform.startswith("linux"):
        raise _refused("only Linux has network namespaces")
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208 (names alone)
    if threads > 1:
        raise Failure(f"this process has {threads} threads already, and only one could leave", where=WHERE,
                      mend="use the command `postgrad run`")
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    user, group = os.geteuid(), os.getegid()
    if user == 0 and unshare(NEW_NETWORK) == 0:
        return "a network namespace of its own"
    if unshare(NEW_USER | NEW_NETWORK) != 0:
        raise _refused(os.strerror(ctypes.get_errno()))
    # The same numbers as outside: who owns a file stays plain to see.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text)
    return "a user and a network namespace of its own"


def _refused(why: str) -> Failure:
    return Failure(
        f"the system does not let this process leave the network ({why})", where=WHERE,
        mend="allow user namespaces (sysctl user.max_user_namespaces; in a container its seccomp profile), or say "
        "`network: guarded`, which holds Python code alone")


def _proof() -> tuple[list[str], str]:
    """(interfaces with their state, what became of an attempt to connect). Failure if there is a way out."""
    states = {name: _is_up(name) for _, name in socket.if_nameindex()}
    said = [f"{name} ({'up' if up else 'down'})" for name, up in states.items()]
    if any(states.values()):
        raise Failure(f"an interface is up in a namespace that should have none: {', '.join(said)}", where=WHERE)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(WAIT_SECONDS)
        refused = probe.connect_ex(NOWHERE)
    if refused not in UNREACHABLE:
        raise Failure(f"an attempt to reach {NOWHERE[0]} ended with {os.strerror(refused)!r}", where=WHERE,
                      mend="it should have been refused at once: report it")
    return said, f"{NOWHERE[0]}: {os.strerror(refused)}"


def _is_up(name: str) -> bool:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        request = struct.pack("16sH14x", name.encode()[:15], 0)
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(asking, GET_FLAGS, request))
    return bool(flags & UP)


def guard(isolation: Isolation, refused: "Synchronized[int] | None" = None) -> None:
    """Refuse, for as long as this process lives, what Python's sockets send beyond this machine, and count it."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in SENDS and arguments[1] is not None and arguments[0].family not in LOCAL:
            place = str(arguments[1][0])
        elif event in LOOKUPS and arguments[0]:
            place = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
        else:
            return
        if _is_own(place):
            return
        isolation.attempts += 1
        if refused is not None:
            with refused.get_lock():
                refused.value += 1
        if len(isolation.tried) < SHOWN and place not in isolation.tried:
            isolation.tried.append(place)
        raise PermissionError(errno.EACCES, f"the recipe says `network: {isolation.mode}`")

    sys.addaudithook(hook)


def _is_own(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in ("", "localhost")
