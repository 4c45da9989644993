"""Writes src/tokenstate/_sync.py from _async.py. tests/test_same.py fails while it is not as this would write it."""

from pathlib import Path

SOURCE = Path(__file__).parent / 'src' / 'tokenstate'

WORDS = (
    ('The client for asyncio. `_sync.py` is this file without `async` and `await`: a test holds them together.',
     'The client without asyncio. Do not edit: make_sync.py writes it from _async.py.'),
    ('many tasks', 'many threads'),
    ('AsyncTokenstate', 'Tokenstate'),
    ('httpx.AsyncBaseTransport', 'httpx.BaseTransport'),
    ('httpx.AsyncClient', 'httpx.Client'),
    ('__aenter__', '__enter__'),
    ('__aexit__', '__exit__'),
    ('aclose', 'close'),
    ('`async with`', '`with`'),
    ('async def', 'def'),
    ('async with', 'with'),
    ('async for', 'for'),
    ('aiter_bytes', 'iter_bytes'),
    ('await ', ''),
)  # fmt: skip


def sync() -> str:
    text = (SOURCE / '_async.py').read_text()
    for word, other in WORDS:
        text = text.replace(word, other)
    return text


if __name__ == '__main__':
    (SOURCE / '_sync.py').write_text(sync())
