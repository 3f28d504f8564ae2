"""A process without a network: shown in processes of its own, since none comes back."""

import json
import socket
import subprocess
import sys

import pytest

from postgrad.support import network

ENTER = """
import json, socket, subprocess, sys
from postgrad.support.errors import PostgradError
from postgrad.support.network import enter
server = socket.create_server(("127.0.0.1", 0))
try:
    left = enter(sys.argv[1])
except PostgradError as error:
    print(json.dumps({"refused": str(error)}))
    sys.exit()
said = []
for place in (("192.0.2.1", 9), ("127.0.0.1", server.getsockname()[1])):
    with socket.socket() as one:
        one.settimeout(5)
        try:
            one.connect(place)
            said.append("connected")
        except OSError as error:
            said.append(type(error).__name__ + " " + str(error.errno))
try:
    socket.getaddrinfo("example.org", 443)
    said.append("resolved")
except OSError as error:
    said.append(type(error).__name__)
local, other = socket.socketpair()
local.sendall(b"x")
child = subprocess.run([sys.executable, "-c", "import socket; s = socket.socket(); s.settimeout(5); print(s.connect_ex("
    "('192.0.2.1', 9)), [name for _, name in socket.if_nameindex()])"], capture_output=True, text=True)
print(json.dumps({"said": said, "child": child.stdout.strip(), "json": left.json(), "local": other.recv(1).decode()}))
"""


def entered(mode: str) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", ENTER, mode], capture_output=True, text=True, timeout=60)
    assert not done.stderr, done.stderr
    said: dict[str, object] = json.loads(done.stdout)
    if "refused" in said:
        pytest.skip(str(said["refused"]))
    return said


def test_none_leaves_every_network_and_says_so() -> None:
    said = entered("none")
    found = said["json"]
    assert isinstance(found, dict)
    assert found["mode"] == "none" and "namespace" in found["how"] and "lo (down)" in found["interfaces"]
    assert "unreachable" in found["connect"]
    # The hook refuses and counts the address and the name; this machine itself is only unreachable: `lo` is down.
    assert said["said"] == ["PermissionError 13", "OSError 101", "PermissionError"]
    assert found["attempts"] == 2 and found["tried"] == ["192.0.2.1", "example.org"]
    assert said["local"] == "x"


def test_programs_started_from_there_have_no_network_either() -> None:
    number, names = str(entered("none")["child"]).split(" ", 1)
    assert int(number) == 101                      # ENETUNREACH, from the kernel: that process has no hook
    assert "lo" in names and "eth0" not in names


def test_guarded_holds_this_process_and_lets_it_reach_itself() -> None:
    said = entered("guarded")
    assert said["said"] == ["PermissionError 13", "connected", "PermissionError"]
    assert isinstance(said["json"], dict) and said["json"]["attempts"] == 2 and not said["json"]["interfaces"]


def test_allowed_changes_nothing() -> None:
    left = network.enter("allowed")
    assert left.attempts == 0
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]):
        pass


def test_a_process_with_threads_cannot_leave() -> None:
    code = ("import threading, time; from postgrad.support.network import enter\n"
            "threading.Thread(target=time.sleep, args=(20,), daemon=True).start()\nenter('none')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "2 threads already" in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "127.3.2.1", "localhost", ""])
def test_this_machine(host: str) -> None:
    assert network._is_own(host)


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "0.0.0.1", "fe80::1%eth0", "example.org", "127.0.0.1.example.org", "2130706433"])
def test_another_machine(host: str) -> None:
    assert not network._is_own(host)
