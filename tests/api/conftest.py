import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import service as services  # noqa: E402
import wire as wires  # noqa: E402


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """One for all tests that make machines with names of their own."""
    made = services.Service(tmp_path_factory.mktemp("api")).start()
    yield made
    assert made.stop() == 0


@pytest.fixture
def client(service):
    return service.client()


@pytest.fixture
def wire(service):
    made = wires.Wire(service)
    yield made
    made.close()


@pytest.fixture
def own(tmp_path):
    """A service that is this test's alone; not started."""
    made = services.Service(tmp_path)
    yield made
    runs = made.process is not None and made.process.poll() is None
    code = made.stop()
    assert not runs or code == 0, "it ends well, and without leaks"
