"""A generated describegraph file as today's LND prints it: all fields, indented, full feature maps."""

import json
from pathlib import Path

import numpy as np
from bench.networks import heavy_tailed
from coincurve import PrivateKey

from daznode.domain.gossip import GraphSnapshot

_FEATURES = {
    str(bit): {"name": name, "is_required": is_required, "is_known": True}
    for bit, name, is_required in (
        (0, "data-loss-protect", True),
        (5, "upfront-shutdown-script", False),
        (7, "gossip-queries", False),
        (8, "tlv-onion", True),
        (12, "static-remote-key", True),
        (14, "payment-addr", True),
        (17, "multi-path-payments", False),
        (19, "wumbo-channels", False),
        (23, "anchors-zero-fee-htlc-tx", False),
        (25, "route-blinding", False),
        (27, "shutdown-any-segwit", False),
        (31, "amp", False),
        (45, "explicit-commitment-type", False),
        (47, "scid-alias", False),
        (2023, "script-enforced-lease", False),
    )
}
_INDENT = 4


def write_dump(path: Path, n_nodes: int, n_channels: int) -> None:
    """Write the network of `heavy_tailed` with keys that are points of the curve.

    Args:
        path: Where.
        n_nodes: Nodes, >= 2.
        n_channels: Channels, >= n_nodes - 1.
    """
    network = heavy_tailed(n_nodes, n_channels)
    keys = sorted(
        PrivateKey.from_int(number).public_key.format().hex() for number in range(1, n_nodes + 1)
    )
    rng = np.random.default_rng(11)
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n    "nodes": [\n')
        for number in range(n_nodes):
            end = "" if number == n_nodes - 1 else ","
            file.write(_printed(_node(network, number, keys[number])) + end + "\n")
        file.write('    ],\n    "edges": [\n')
        for number in range(n_channels):
            end = "" if number == n_channels - 1 else ","
            edge = _edge(network, number, keys, rng.bytes(32).hex())
            file.write(_printed(edge) + end + "\n")
        file.write('    ],\n    "generated_by": "bench"\n}\n')


def _printed(record: dict[str, object]) -> str:
    margin = " " * (2 * _INDENT)
    text = json.dumps(record, indent=_INDENT, ensure_ascii=False)
    return margin + text.replace("\n", "\n" + margin)


def _node(network: GraphSnapshot, number: int, key: str) -> dict[str, object]:
    alias = f'node-{number} ⚡ "x"' if number % 97 == 0 else f"node-{number}"
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}:9735"
    return {
        "last_update": int(network.nodes.last_update[number]),
        "pub_key": key,
        "alias": alias,
        "addresses": [{"network": "tcp", "addr": address}],
        "color": "#3399ff",
        "features": _FEATURES,
        "custom_records": {},
    }


def _edge(network: GraphSnapshot, number: int, keys: list[str], txid: str) -> dict[str, object]:
    channels = network.channels
    return {
        "channel_id": str(channels.scid[number]),
        "chan_point": f"{txid}:{number & 1}",
        "last_update": int(channels.policies.last_update[:, number].max()),
        "node1_pub": keys[channels.node1[number]],
        "node2_pub": keys[channels.node2[number]],
        "capacity": str(channels.capacity_sat[number]),
        "node1_policy": _policy(network, 0, number),
        "node2_policy": _policy(network, 1, number),
        "custom_records": {},
    }


def _policy(network: GraphSnapshot, side: int, number: int) -> dict[str, object] | None:
    policies = network.channels.policies
    if not policies.is_present[side, number]:
        return None
    return {
        "time_lock_delta": int(policies.cltv_delta[side, number]),
        "min_htlc": str(policies.htlc_minimum_msat[side, number]),
        "fee_base_msat": str(policies.base_fee_msat[side, number]),
        "fee_rate_milli_msat": str(policies.fee_ppm[side, number]),
        "disabled": bool(policies.is_disabled[side, number]),
        "max_htlc_msat": str(policies.htlc_maximum_msat[side, number]),
        "last_update": int(policies.last_update[side, number]),
        "custom_records": {},
        "inbound_fee_base_msat": int(policies.inbound_base_fee_msat[side, number]),
        "inbound_fee_rate_milli_msat": int(policies.inbound_fee_ppm[side, number]),
    }
