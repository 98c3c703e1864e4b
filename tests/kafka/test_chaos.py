"""The kill test on one broker, the short way, and with PAWL_TEST_LONG the long way: 2,000 orders, 24 faults, the broker among the
victims. The quick `./check` leaves it to test_cluster, which does all of it; sanitizers have this one."""
import os

import pytest

import chaos

LONG = os.environ.get("PAWL_TEST_LONG") == "1"


def test_faults():
    chaos.run(chaos.read_options(["--executions", "300", "--faults", "8", "--seed", os.environ.get("PAWL_TEST_SEED", "1")]))


@pytest.mark.skipif(not LONG, reason="only in the long run")
@pytest.mark.parametrize("seed", [11, 12])
def test_faults_long(seed):
    chaos.run(chaos.read_options(["--executions", "2000", "--faults", "24", "--partitions", "8", "--broker", "--seed", str(seed)]))
