"""The two clients are one text."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from make_sync import SOURCE, sync  # noqa: E402


def test_the_sync_client_is_made_from_the_async_one() -> None:
    assert (SOURCE / '_sync.py').read_text() == sync(), 'run python make_sync.py'
