"""Real faults on three brokers and three processors (cluster.py), on a cluster of its own: the short way, and with PAWL_TEST_LONG
a quarter of an hour."""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MINUTES = 14.0 if os.environ.get("PAWL_TEST_LONG") == "1" else 2.0


def test_cluster():
    subprocess.run([HERE / "with-broker", "--brokers", "3", sys.executable, HERE / "cluster.py", "--minutes", str(MINUTES),
                    "--seed", os.environ.get("PAWL_TEST_SEED", "1")], check=True)
