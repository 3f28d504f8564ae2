"""IP and hardware addresses against what Python's ipaddress module holds for one, and their look-alikes."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data.pii.networks import find_ips, find_macs


@given(st.ip_addresses(v=4, network="100.64.0.0/10"), 
       st.sampled_from(["{}", "from {}:8080", "http://{}/x", "[{}]", "ip={}"]))
def test_every_address_of_a_network_is_found(address: ipaddress.IPv4Address, around: str) -> None:
    text = around.format(address)
    assert [text[start:end] for start, end in find_ips(text)] == [str(address)]


@given(st.ip_addresses(v=6, network="2001:db8::/32"), st.sampled_from(["{}", "src {}, ok", "http://[{}]:80/"]))
def test_every_address_of_the_documentation_prefix_is_found(address: ipaddress.IPv6Address, around: str) -> None:
    text = around.format(address)
    assert [text[start:end] for start, end in find_ips(text)] == [str(address)]


@pytest.mark.parametrize("text", [
    "version 1.2.3.4", "v10.20.30.40", "Chrome/120.0.0.0", "see 2.3.1.4", "section 12.13.14.15", "§ 100.2.3.4",
    "1.3.6.1.4.1.311", "256.1.1.1", "127.0.0.1", "0.0.0.0", "255.255.255.0", "10.0.0.0/8", "192.0.2.0/24",
    "std::vector", "12:30:45", "::1", "a::b", "pkg==10.20.30.40",
])
def test_what_only_looks_like_an_ip_address_stays(text: str) -> None:
    assert find_ips(text) == []


@given(st.integers(0, 2**48 - 1), st.sampled_from([":", "-"]), st.booleans())
def test_every_hardware_address_is_found_beside_its_word(value: int, sign: str, upper: bool) -> None:
    pairs = f"{value:012x}"
    address = sign.join(pairs[at : at + 2] for at in range(0, 12, 2))
    address = address.upper() if upper else address
    text = f"MAC address {address}."
    assert [text[start:end] for start, end in find_macs(text)] == ([address] if len(set(pairs)) > 1 else [])


@pytest.mark.parametrize("text", [
    "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "01-02-03-04-05-06", "12:34:56", "ab:cd:ef:01:23:45:67:89",
    "5d41402abc4b2a76b9719d911017c592", "at 10:20:30:40:50:60",
])
def test_what_only_looks_like_a_hardware_address_stays(text: str) -> None:
    assert find_macs(text) == []
