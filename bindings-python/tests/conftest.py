import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> pathlib.Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def takeout(root) -> pathlib.Path:
    """A small Takeout: 24 messages."""
    return root / "fixtures/mbox/takeout.mbox"


@pytest.fixture(scope="session")
def big(tmp_path_factory, takeout) -> pathlib.Path:
    """A mailbox that takes some seconds to convert: 24,000 messages."""
    path = tmp_path_factory.mktemp("big") / "big.mbox"
    message = b"From a@example.org Mon Jan  1 10:00:00 2024\nFrom: a@example.org\nSubject: %d\n\n" + b"text\n" * 400 + b"\n"
    with open(path, "wb") as file:
        for number in range(24_000):
            file.write(message % number)
    return path
