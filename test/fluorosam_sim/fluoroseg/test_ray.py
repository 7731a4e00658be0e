"""A dataset made on a Ray cluster is the one made by local processes, to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shard_making import contents

from fluorosam_sim.fluoroseg import DatasetConfig
from fluorosam_sim.fluoroseg.generate import generate

_STORE_BYTES = 80_000_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a cluster of two nodes with one core each on this machine."""
    import ray
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=node)
    try:
        made.add_node(num_cpus=1, object_store_memory=_STORE_BYTES)
        made.wait_for_nodes()
        yield made.address
    finally:
        ray.shutdown()
        made.shutdown()


@pytest.mark.timeout(600)
def test_two_nodes_make_the_same_bytes(cluster: str, tmp_path: Path, dataset: Path, config: DatasetConfig) -> None:
    folder = tmp_path / "on_ray"
    report = generate(folder, config, 1, ray_address=cluster)
    assert report.made == config.images
    assert contents(folder) == contents(dataset)
