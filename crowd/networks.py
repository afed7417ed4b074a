"""Where a request comes from, as coarsely as limiting needs: never a whole address."""

import ipaddress


def network_of(peer: str) -> str:
    """The /24 of an IPv4 peer, the /48 of an IPv6 one; "unknown" for what is no address.

    `peer` may also be a network already (api.rate_budget counts IPv6 visitors by /64).
    """
    try:
        found = ipaddress.ip_network(peer, strict=False)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Network):
        mapped = found.network_address.ipv4_mapped
        if mapped is None:
            return str(found if found.prefixlen <= 48 else found.supernet(new_prefix=48))
        found = ipaddress.ip_network(mapped)
    return str(found if found.prefixlen <= 24 else found.supernet(new_prefix=24))
