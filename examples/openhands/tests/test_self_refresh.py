"""A backend that keeps its offline tokens and refreshes them itself, on the real stack."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from conftest import Person
from people import Keycloak
from tokenstate import Decision

from tokenstate_openhands.client import Tokenstate
from tokenstate_openhands.errors import OfflineTokenDeadError, TokenRefreshError
from tokenstate_openhands.self_refresh import refresh, token_id, track

pytestmark = pytest.mark.anyio


async def nobody(_: str) -> tuple[int, dict[str, Any]]:
    raise AssertionError('Keycloak was asked about a token that is known to be dead')


async def state(api: Tokenstate, token: str, want: str) -> Decision:
    with anyio.fail_after(15):
        while (v := await api.verdict_of(token_id(token))).state != want or v.in_doubt:
            await anyio.sleep(0.05)
    return v


async def test_a_dead_token_is_not_refreshed(saml_user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    token = keycloak.login(saml_user.name, 'offline_access')
    assert (await track(api, token)).custody == 'tracked'
    await state(api, token, 'usable')
    answer = await refresh(api, token, keycloak.refresh)
    assert answer['access_token'] and token_id(answer['refresh_token']).session_id == token_id(token).session_id
    keycloak.logout(answer['refresh_token'])
    v = await state(api, answer['refresh_token'], 'revoked')
    with pytest.raises(OfflineTokenDeadError) as dead:
        await refresh(api, answer['refresh_token'], nobody)
    assert (dead.value.reason, dead.value.event_id) == (v.reason, v.event_id)
    assert saml_user.automation.call().status_code == 200  # a logout stops no key


async def test_what_only_the_backend_has_seen_is_known(saml_user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    token = keycloak.login(saml_user.name, 'offline_access')
    await track(api, token)
    await state(api, token, 'usable')

    async def refused(_: str) -> tuple[int, dict[str, Any]]:  # consent is taken back: no look shows it
        return 400, {'error': 'invalid_scope', 'error_description': 'Client no longer has requested consent from user'}

    with pytest.raises(OfflineTokenDeadError):
        await refresh(api, token, refused)
    with pytest.raises(OfflineTokenDeadError) as dead:
        await refresh(api, token, nobody)
    assert dead.value.retry_at


@pytest.mark.parametrize('answer', [(503, {}), (401, {'error': 'invalid_client'}), (429, {}), (502, {'error': ['html']})])
async def test_no_word_on_the_token(answer: tuple[int, dict[str, Any]], saml_user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    token = keycloak.login(saml_user.name, 'offline_access')
    await track(api, token)

    async def away(_: str) -> tuple[int, dict[str, Any]]:
        return answer

    await state(api, token, 'usable')
    with pytest.raises(TokenRefreshError):
        await refresh(api, token, away)
    assert (await api.verdict_of(token_id(token))).state == 'usable'


def test_no_token_in_a_message() -> None:
    for text in ('canary', 'a.b.c', 'e30.e30.e30', ''):
        with pytest.raises(ValueError, match='not an offline token') as e:
            token_id(text)
        assert text == '' or text not in str(e.value)
