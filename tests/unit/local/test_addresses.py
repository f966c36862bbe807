"""Blocks of addresses: divided without overlaps, chosen where nothing leads."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from containerjob_local.addresses import Addresses, choose_block
from containerjob_local.errors import LocalError
from containerjob_local.ports import LOOPBACK
from containerjob_local.state import PlaneRecord


def test_link_pods_and_services_lie_in_the_block_apart_from_each_other() -> None:
    parts = Addresses("10.200.0.0/16")
    assert (parts.host, parts.node) == ("10.200.0.1", "10.200.0.2")
    assert (parts.pods, parts.services, parts.api_service) == ("10.200.1.0/24", "10.200.128.0/17", "10.200.128.1")
    link, pods, services = IPv4Network("10.200.0.0/30"), IPv4Network(parts.pods), IPv4Network(parts.services)
    assert {IPv4Address(parts.host), IPv4Address(parts.node)} == set(link.hosts())
    assert not any(one.overlaps(other) for one, other in [(link, pods), (link, services), (pods, services)])
    assert all(part.subnet_of(IPv4Network(parts.block)) for part in (link, pods, services))


def test_a_folder_has_the_same_block_each_time_and_another_than_most(tmp_path: Path) -> None:
    assert choose_block(tmp_path, []) == choose_block(tmp_path, ["default"])
    assert len({choose_block(tmp_path / str(number), []) for number in range(20)}) > 1


def test_a_block_that_a_route_leads_into_is_passed_over(tmp_path: Path) -> None:
    first = choose_block(tmp_path, [])
    inside = str(IPv4Network(first)[77])
    second = choose_block(tmp_path, ["default", inside])
    assert second != first
    assert choose_block(tmp_path, [first, second]) not in (first, second)


def test_a_wide_route_takes_all_blocks_within(tmp_path: Path) -> None:
    taken = ["10.0.0.0/8", "172.16.0.0/12"]
    assert choose_block(tmp_path, taken).startswith("100.")
    with pytest.raises(LocalError, match="no block of private addresses is free"):
        choose_block(tmp_path, [*taken, "100.64.0.0/10"])


def test_a_route_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="the route to nowhere cannot be read"):
        choose_block(tmp_path, ["nowhere"])


def test_a_plane_listens_on_loopback_unless_it_has_a_node() -> None:
    assert PlaneRecord(1, 2).address == LOOPBACK
    assert PlaneRecord(1, 2).addresses is None
    record = PlaneRecord(1, 2, block="10.200.0.0/16")
    assert record.address == "10.200.0.1"
    assert record.addresses == Addresses("10.200.0.0/16")
