"""The adopter's acceptance scenarios, on the real stack. The README lists those that are not here."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from conftest import Person
from people import Keycloak
from tokenstate import Decision

from tokenstate_openhands.bearer_auth import BearerAuth
from tokenstate_openhands.client import Tokenstate
from tokenstate_openhands.errors import BearerTokenError, OfflineTokenDeadError, TokenRefreshError, WrongOrganizationError
from tokenstate_openhands.logout import logout
from tokenstate_openhands.refresh import get_access_token

pytestmark = pytest.mark.anyio


async def state(api: Tokenstate, user: Person, want: str, cause: str | None = None) -> Decision:
    """Waits for a verdict that is not in doubt; cause is the event that decides it."""
    with anyio.fail_after(15):
        while True:
            v = await api.verdict(user.user_id)
            if v.state == want and not v.in_doubt and cause in (None, v.event_id):
                return v
            await anyio.sleep(0.05)


async def test_browser_logout_leaves_keys_and_offline_token(user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    online = keycloak.login(user.name)
    assert await logout(api, online) is True
    await state(api, user, 'usable')
    assert user.automation.call().json()['token']['state'] == 'usable'
    assert (await get_access_token(api, user.user_id)).token
    assert user.automation.mints == 1


async def test_logout_with_key_and_cookie_harms_no_offline_token(user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    """The old fault: the token that was loaded for the key went to Keycloak's logout."""
    assert await logout(api, user.offline) is False
    assert await logout(api, None) is False
    assert await logout(api, 'no token at all') is False
    await state(api, user, 'usable')
    assert (await get_access_token(api, user.user_id)).token


async def test_dead_offline_session_skips_the_refresh_and_says_why(user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    payload = user.offline.split('.')[1]
    sid = json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))['sid']
    keycloak.admin('DELETE', f'/sessions/{sid}?isOffline=true')
    v = await state(api, user, 'revoked')
    with keycloak.suspended():  # whatever is answered now, Keycloak was not asked
        assert user.automation.call().json()['token']['state'] == 'revoked'
        access = await get_access_token(api, user.user_id)
    assert access.token is None and access.reason == v.reason and 'log in' in (access.message or '')
    assert user.automation.mints == 1


async def test_keycloak_down_is_no_revocation(user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    with keycloak.suspended():
        assert user.automation.call().status_code == 200
        with pytest.raises(TokenRefreshError):
            await get_access_token(api, user.user_id)
        assert await logout(api, user.offline) is False
        assert (await api.verdict(user.user_id)).state == 'usable'

    async def back() -> bool:
        try:
            return bool((await get_access_token(api, user.user_id)).token)
        except TokenRefreshError:
            return False

    with anyio.fail_after(60):  # a breaker may still be open
        while not await back():
            await anyio.sleep(0.2)


async def test_disabled_in_keycloak_only(user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    user.automation.revoke()
    old = user.automation.key
    user.automation.mint().raise_for_status()
    keycloak.enable(user.user_id, False)
    await state(api, user, 'suspended')
    bearer = {'Authorization': f'Bearer {user.automation.key}'}
    with pytest.raises(BearerTokenError) as refused:
        await BearerAuth(api).authenticate(bearer)
    assert refused.value.reason == 'user_disabled' and refused.value.since and refused.value.body()['error'] == 'BearerTokenError'
    assert user.automation.mint().json()['reason'] == 'user_disabled'  # a dispatch undoes nothing
    keycloak.enable(user.user_id, True)
    await state(api, user, 'usable')
    assert user.automation.me().status_code == 200
    assert user.automation.me(old).json()['reason'] == 'revoked'


async def test_disabled_by_the_backend_stays_so(user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    keycloak.enable(user.user_id, False)
    await state(api, user, 'suspended')
    order = (await api.set_standing(user.user_id, False, 'left the company')).event_id
    keycloak.enable(user.user_id, True)
    await state(api, user, 'suspended', order)  # Keycloak's enable is known, and only the order still closes
    assert user.automation.me().json()['reason'] == 'user_disabled'
    assert user.automation.mint().status_code == 409
    await api.set_standing(user.user_id, True, 'came back')
    await state(api, user, 'usable')
    assert user.automation.me().status_code == 200


async def test_without_an_offline_token_unknown_is_not_revoked(saml_user: Person, api: Tokenstate) -> None:
    assert saml_user.automation.call().json()['token']['state'] == 'unknown'
    access = await get_access_token(api, saml_user.user_id)
    assert access.token is None and access.reason == 'no_offline_token'


async def test_a_new_login_is_not_killed_by_an_old_event(user: Person, keycloak: Keycloak, api: Tokenstate) -> None:
    keycloak.logout(user.offline)
    await state(api, user, 'revoked')
    user.offline = keycloak.login(user.name, 'offline_access')
    await api.store_offline_token(user.offline)
    await state(api, user, 'usable')
    assert (await get_access_token(api, user.user_id)).token
    assert user.automation.mints == 1


async def test_two_dispatchers_get_one_key(user: Person) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: user.automation.mint(), range(16)))
    assert {a.json()['key'] for a in answers} == {user.automation.key}
    assert answers[0].json()['name'] == 'automation'


async def test_key_revoked_during_a_run(user: Person) -> None:
    assert user.automation.complete() == (200, '')
    user.automation.revoke()
    assert user.automation.complete() == (401, 'revoked')
    before = user.automation.mints
    assert user.automation.call().status_code == 200  # 401, minted once more, and on
    assert user.automation.mints == before + 1
    assert user.automation.complete() == (200, '')


async def test_headers_and_organizations(user: Person, api: Tokenstate) -> None:
    auth, key, org = BearerAuth(api), user.automation.key, user.automation.org_id
    for header, value in (('authorization', f'Bearer {key}'), ('X-Session-API-Key', key), ('X-Access-Token', key)):
        found = await auth.authenticate({header: value})
        assert found and found.user_id == user.user_id and found.org_id == org and found.key_kind == 'system'
    assert await auth.authenticate({'X-Session-API-Key': key, 'X-Org-Id': org})
    with pytest.raises(WrongOrganizationError):
        await auth.authenticate({'X-Session-API-Key': key, 'X-Org-Id': 'another'})
    for none in ({}, {'authorization': f'Basic {key}'}, {'authorization': 'Bearer nonsense'}, {'X-Access-Token': 'ä'}):
        assert await auth.authenticate(none) is None  # the cookie is tried next
    exposed = user.automation.http.get('/api/v1/users/me?expose_secrets=true', headers={'X-Session-API-Key': key})
    assert exposed.status_code == 200 and 'llm_api_key' not in exposed.json()  # identity only: the rest is the backend's


async def test_authapi_away_is_503_and_not_401() -> None:
    away = Tokenstate('http://127.0.0.1:1', 'none')
    with pytest.raises(TokenRefreshError) as e:
        await BearerAuth(away).authenticate({'authorization': 'Bearer key'})
    assert e.value.status == 503 and not isinstance(e.value, BearerTokenError | OfflineTokenDeadError)
    assert await logout(away, 'token') is False
    await away.close()
