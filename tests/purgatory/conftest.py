# SPDX-License-Identifier: GPL-2.0-only
"""
All selected cases run in two QEMUs at a time, started when the first test asks for a result;
each test then looks at its own.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.register_assert_rewrite("board_arm64", "board_ppc64le", "board_x86_64", "expect")

import abi  # noqa: E402  pylint: disable=wrong-import-position
import emulator  # noqa: E402  pylint: disable=wrong-import-position
from layout import RECORD  # noqa: E402  pylint: disable=wrong-import-position

ROOT = Path(__file__).resolve().parents[2]


def pytest_configure(config):
    config.addinivalue_line("markers", "of_a_build: looks at what is in PURGATORY_DIR")


# All that they run of a purgatory others run as well.
ALIKE = ("el2", "power8", "power10", "server", "max")


def pytest_collection_modifyitems(items):
    """So that -m chooses the tests to which another build makes a difference."""
    for item in items:
        case = getattr(item, "callspec", None) and item.callspec.params.get("case")
        if "folder" in item.fixturenames and getattr(case, "machine", None) not in ALIKE:
            item.add_marker("of_a_build")


@pytest.fixture(scope="session")
def folder():
    """Where a build has its purgatories, a folder for each family."""
    return Path(os.environ.get("PURGATORY_DIR", ROOT / "build/purgatory"))


@pytest.fixture(scope="session")
def board(folder, tmp_path_factory):
    return emulator.Emulator(folder, tmp_path_factory.mktemp("harness"))


@pytest.fixture(scope="session")
def runs(request, board):
    cases = [item.callspec.params["case"] for item in request.session.items
             if "case" in getattr(getattr(item, "callspec", None), "params", {})]
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = {id(case): pool.submit(board.run, case) for case in cases}
        yield futures
        for future in futures.values():
            future.cancel()


@pytest.fixture
def result(case, runs):
    """What became of this test's `case`; whatever it was, these hold for all of them."""
    if reason := case.kind.missing():
        pytest.skip(reason)
    found = runs[id(case)].result()
    assert "fault in the vectors of the old kernel" not in found.text
    may = [found.scratch, range(RECORD, RECORD + abi.RECORD.size), *case.kind.writes, *case.writes]
    assert [hex(a) for a in found.changed if not any(a in where for where in may)] == []
    assert b"\n" not in found.raw.partition(b"before jump\n")[2].partition(
        b"kernel entered\n")[0].replace(b"\r\n", b"")
    return found
