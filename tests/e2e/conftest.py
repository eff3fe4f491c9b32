"""Fixtures. A server starts when the first test asks for it and serves the whole session; each test has a fresh database."""
import os

import pytest

import rig


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: large amounts; PENSTOCK_E2E_ROWS scales them")


def pytest_terminal_summary(terminalreporter):
    if rig.FIGURES:
        terminalreporter.section("figures")
    for line in rig.FIGURES:
        terminalreporter.line(line)


@pytest.fixture(scope="session")
def program():
    """Path of the program. Not built yet is a skip; a build that should have made it is a failure."""
    if not os.access(rig.PENSTOCK, os.X_OK):
        if os.path.exists(os.path.join(rig.ROOT, "src/main.c")):
            pytest.fail(f"{rig.PENSTOCK} is not built")
        pytest.skip("the program does not exist yet")
    return rig.PENSTOCK


@pytest.fixture(scope="session")
def servers():
    s = rig.Servers()
    yield s
    s.close()


@pytest.fixture(scope="session", params=["mariadb", "mysql", "mysql56"])
def server(request, program, servers):
    return servers.get(request.param)


@pytest.fixture(scope="session")
def mariadb(program, servers):
    return servers.get("mariadb")


@pytest.fixture
def database(server):
    d = server.fresh_database()
    yield d
    d.drop()


@pytest.fixture
def maria_database(mariadb):
    d = mariadb.fresh_database()
    yield d
    d.drop()


@pytest.fixture
def stream(tmp_path):
    """stream(database, …) starts 'penstock stream'; a second call in the same test goes on from the first one's offsets
    and adds to the same records. What still runs at the end is killed."""
    started, shared = [], []

    def start(database, **options):
        s = rig.Stream(database, str(tmp_path), records=shared, **options)
        started.append(s)
        return s
    start.records = shared
    yield start
    for s in started:
        if s.alive():
            s.kill9()
