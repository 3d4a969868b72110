# SPDX-License-Identifier: Apache-2.0
"""How many threads a cell gets, on nodes that a stand-in for Ray lists."""

from types import SimpleNamespace

import pytest
from zoa.sweep import Settings, SweepError
from zoa.sweep.cluster import Cluster, check_address


def make_cluster(*cpus, scratch="x"):
    nodes = [{"Alive": True, "Resources": {"CPU": float(n)} if n else {}} for n in cpus]
    nodes.append({"Alive": False, "Resources": {"CPU": 64.0}})
    pickle = SimpleNamespace(register_pickle_by_value=lambda module: None)
    ray = SimpleNamespace(nodes=lambda: nodes, cloudpickle=pickle)
    return Cluster(ray, Settings(), scratch)


@pytest.mark.parametrize(
    ("cpus", "jobs", "threads"),
    [((8,), 3, 2), ((8,), 1, 8), ((2,), 9, 1), ((0, 4, 4), 1, 4), ((0, 4, 4), 4, 2), ((0,), 3, 1)],
)
def test_cpus_are_shared_out(cpus, jobs, threads):
    assert make_cluster(*cpus).choose_threads(Settings(), jobs) == threads


def test_given_threads():
    assert make_cluster(8).choose_threads(Settings(threads=3), 100) == 3
    with pytest.raises(SweepError, match="only 2 CPUs"):
        make_cluster(2).choose_threads(Settings(threads=3), 1)
    # a cluster may grow
    assert make_cluster(2, scratch=None).choose_threads(Settings(threads=3), 1) == 3


def test_addresses():
    check_address("auto")
    for address in ("127.0.0.1:1", "ray://127.0.0.1:1"):
        with pytest.raises(SweepError, match="nothing answers"):
            check_address(address)
