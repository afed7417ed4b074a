"""Hosts of which the name says little of who writes there: hosting, social networks. Data.

`web_hosts.toml` is the list; « est-ce officiel ? » and discovery read it.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RAW: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("web_hosts.toml").read_text(encoding="utf-8")
)
SHARED: tuple[str, ...] = tuple(_RAW["shared"])
EVERY_SHARED: frozenset[str] = frozenset((*SHARED, *_RAW["shared_besides"]))
BAIT: frozenset[str] = frozenset(_RAW["bait"])


@dataclass(frozen=True, slots=True)
class Network:
    """A social network. `deep`: first segments of a path that the account's name comes after."""

    id: str
    name: str
    hosts: tuple[str, ...]
    deep: tuple[str, ...] = ()


NETWORKS: tuple[Network, ...] = tuple(
    Network(one["id"], one["name"], tuple(one["hosts"]), tuple(one.get("deep", ())))
    for one in _RAW["networks"]
)
_BY_HOST = {host: network for network in NETWORKS for host in network.hosts}


def is_shared(host: str) -> bool:
    """Whether strangers have sites at this very name, whoever owns it."""
    return host in EVERY_SHARED


def network_at(host: str) -> Network | None:
    """The social network of a host, also of its subdomains (`fr-fr.facebook.com`)."""
    labels = host.split(".")
    for start in range(len(labels) - 1):
        if (found := _BY_HOST.get(".".join(labels[start:]))) is not None:
            return found
    return None
