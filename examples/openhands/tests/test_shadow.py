"""Shadow mode changes no answer and misses no difference."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from conftest import Person

from tokenstate_openhands.bearer_auth import BearerAuth
from tokenstate_openhands.client import Tokenstate
from tokenstate_openhands.shadow import Own, Shadow

pytestmark = pytest.mark.anyio


async def test_shadow(user: Person, api: Tokenstate, caplog: pytest.LogCaptureFixture) -> None:
    answer: Own = None

    async def own(_: Mapping[str, str]) -> Own:
        return answer

    shadow = Shadow(BearerAuth(api), own)
    good = {'Authorization': f'Bearer {user.automation.key}'}
    for answer, headers, mismatches in (
        ((user.user_id, user.automation.org_id), good, 0),
        (None, {'Authorization': 'Bearer nonsense'}, 0),
        (None, {}, 0),
        (None, good, 1),
        (('somebody', None), good, 2),
        ((user.user_id, None), {'Authorization': 'Bearer nonsense'}, 3),
    ):
        assert await shadow.authenticate(headers) == answer
        await shadow.settled()
        assert shadow.mismatched == mismatches
    assert shadow.compared == 5
    assert user.automation.key not in caplog.text and 'reason' in caplog.text


async def test_authapi_away_changes_nothing() -> None:
    async def own(_: Mapping[str, str]) -> Own:
        return 'u', None

    away = Tokenstate('http://127.0.0.1:1', 'none')
    shadow = Shadow(BearerAuth(away), own)
    assert await shadow.authenticate({'Authorization': 'Bearer key'}) == ('u', None)
    await shadow.settled()
    assert (shadow.undecided, shadow.mismatched) == (1, 0)
    await away.close()
