"""IP addresses and hardware (MAC) addresses, and what only looks like one: versions, sections, object identifiers.

Addresses of nobody are left: loopback, 0.0.0.0, netmasks and broadcast; IPv6 outside the space that is given out.
"""

import ipaddress
import re

from postgrad.data.pii.context import as_ascii, small, words
from postgrad.data.pii.kinds import Spans

OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
IPV4 = re.compile(rf"(?<![0-9A-Za-z_.\-])(?:{OCTET}\.){{3}}{OCTET}(?![0-9A-Za-z_]|\.\d|-\d)")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?"
                  r"(?:%[0-9A-Za-z]+)?(?![\w:])")
FOUR_PARTS, COLONS = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d"), re.compile(r":[0-9A-Fa-f]{0,4}:")
"""The first look at a text."""
GIVEN_OUT = tuple(map(ipaddress.ip_network, ("2000::/3", "fc00::/7", "fe80::/10", "::ffff:0:0/96")))
"""Global unicast, unique local, link local, IPv4-mapped (RFC 4291, RFC 4193)."""
CUE = words("ip(?:v4|v6)?(?: addr(?:ess)?)?", "addr(?:ess)?", "host", "server", "client", "ping", "ssh", "gateway",
            "dns", "from", "remote", "peer", "src", "dst", "source", "dest(?:ination)?", "login", "adresse(?: ip)?",
            "dirección", "indirizzo", "adres", "connect(?:ed|ion)?", "subnet", "router", "inet")
CUE_WITHIN = 30
NO_ADDRESS = re.compile(
    r"(?:\b(?:v|ver|vers|version|versie|versión|versione|versão|wersja|версия|release|rev|revision|build|firmware|driver|"
    r"kernel|update|upgrade[ds]?(?: to)?|patch|sections?|sec|chapter|clause|article|paragraph|para|appendix|annex|"
    r"figure|fig|table|step|item|abschnitt|kapitel|abs|artikel|absatz|ziffer|punkt|chapitre|paragraphe|sección|capítulo|artículo|"
    r"sezione|capitolo|paragrafo|hoofdstuk|paragraaf|rozdział|раздел|глава|пункт|chrome|chromium|firefox|safari|edge|"
    r"opera|electron|oid)\.?|broadcast|netmask|brd|bcast|mask|§|[=~]=|\^|[A-Za-z]/)[\s:\"'v]*$", re.IGNORECASE)
"""Before a number of four parts that is a version or a section."""
SMALL = 20

MAC = re.compile(r"(?<![\w:.\-])(?:[0-9A-Fa-f]{2}([:\-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}"
                 r"|(?=[0-9:]*[a-f])(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}"
                 r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w]|[:\-.][0-9A-Fa-f])")
BARE_MAC = re.compile(r"(?<![\w:.\-])[0-9A-Fa-f]{12}(?![\w])")
MAC_WORDS = ("mac", "addr", "ether", "bssid")
BARE = re.compile(r"[0-9A-Fa-f]{12}")
FRAME = re.compile(r"(?:\bMAC=|(?<![\w:])01:)(?P<mac>(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})"
                   r"(?=:[0-9A-Fa-f]{2}:|(?![\w:]))")
"""A frame's addresses and type in one row of pairs (the kernel's log), or a client identifier of DHCP."""
DOTTED = re.compile(r"\.[0-9A-Fa-f]{4}\.")
MAC_CUE = words("mac(?: addr(?:ess)?)?", "hw ?addr", "hardware addr(?:ess)?", "ether(?:net)?", "bssid",
                "physical addr(?:ess)?")


def find_ips(text: str) -> Spans:
    """Start and end of each IP address, without port, prefix length or zone."""
    found: Spans = []
    read = as_ascii(text)
    if FOUR_PARTS.search(read):
        found += [match.span() for match in IPV4.finditer(read) if _is_v4(read, *match.span())]
    if COLONS.search(read):
        found += [match.span() for match in IPV6.finditer(read)
                  if _is_v6(match.group()) and not _is_network(read, *match.span())]
    return found


def _is_v4(text: str, start: int, end: int) -> bool:
    octets = [int(octet) for octet in text[start:end].split(".")]
    if octets[0] in (0, 127, 255) or octets[3] == octets[2] == octets[1] == 0:
        return False
    before = text[max(0, start - CUE_WITHIN) : start]
    if NO_ADDRESS.search(before) or _is_network(text, start, end):
        return False
    few = max(octets) < SMALL and octets[0] != 10
    return not few or CUE.search(small(before)) is not None


def _is_network(text: str, start: int, end: int) -> bool:
    """Whether a prefix length follows that makes it a whole network, not a host in one."""
    prefix = re.match(r"/\d{1,3}(?!\d)", text[end : end + 4])
    if prefix is None:
        return False
    try:
        network = ipaddress.ip_network(text[start:end] + prefix.group())
    except ValueError:
        return False
    return network.num_addresses > 1


def _is_v6(said: str) -> bool:
    try:
        address = ipaddress.IPv6Address(said)
    except ValueError:
        return False
    return any(character.isdigit() for character in said) and any(address in network for network in GIVEN_OUT)


def find_macs(text: str) -> Spans:
    """Start and end of each hardware address, in pairs, in fours, or bare beside the word."""
    found: Spans = []
    if text.count(":") >= 5:
        found += [match.span("mac") for match in FRAME.finditer(text)]
    read = as_ascii(text)
    if read.count(":") >= 5 or read.count("-") >= 5 or DOTTED.search(read):
        for match in MAC.finditer(read):
            digits = re.sub(r"[^0-9A-Fa-f]", "", match.group()).lower()
            lettered = not digits.isdigit() or _near_mac(read, match.start())
            if lettered and len(set(digits)) > 1:
                found.append(match.span())
    low = small(read)
    if any(word in low for word in MAC_WORDS) and BARE.search(read):
        found += [match.span() for match in BARE_MAC.finditer(read) if _near_mac(read, match.start())]
    return found


def _near_mac(text: str, start: int) -> bool:
    return MAC_CUE.search(small(text[max(0, start - CUE_WITHIN) : start])) is not None
