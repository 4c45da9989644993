"""The calls of authapi that a backend needs."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from .errors import AuthError, BearerTokenError, OfflineTokenDeadError, TokenRefreshError, WrongOrganizationError

_TYPE = 'urn:tokenstate:problem:'

# What a problem says of an API key, or of a user's offline token. All else, such as a service
# credential that is not known or lacks a scope, is not the user's fault: TokenRefreshError.
_OF_A_KEY: dict[str, type[AuthError]] = {
    'unauthorized': BearerTokenError,
    'wrong-organization': WrongOrganizationError,
}
_OF_A_TOKEN: dict[str, type[AuthError]] = dict.fromkeys(
    (
        'no-offline-token',
        'offline-token-revoked',
        'offline-token-suspended',
        'inactive-token',
        'not-an-offline-token',
        'not-a-refresh-token',
        'foreign-token',
        'token-from-the-future',
    ),
    OfflineTokenDeadError,
)
_MEMBERS = ('reason', 'detail', 'since', 'event_id', 'login_url', 'retry_at')


class Tokenstate:
    """One authapi; `service_key` is a service credential, made by `authapi service-keys add`."""

    def __init__(
        self, url: str, service_key: str, timeout: float = 10.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout, transport=transport)
        self._service = {'X-Service-API-Key': service_key}

    async def close(self) -> None:
        await self._http.aclose()

    async def me(self, api_key: str, org_id: str | None = None) -> dict[str, Any]:
        """Whose key it is. It says nothing of settings or permissions: those stay in the backend."""
        headers = {'Authorization': f'Bearer {api_key}'}
        if org_id:
            headers['X-Org-Id'] = org_id
        return await self._call('GET', '/api/v1/users/me', headers, kinds=_OF_A_KEY)

    async def store_offline_token(self, token: str) -> dict[str, Any]:
        """Gives a token into authapi's custody, instead of a row of offline_tokens."""
        return await self._call('PUT', '/v1/offline-tokens', self._service, {'refresh_token': token})

    async def access_token(self, user_id: str, min_valid_s: int = 30) -> str:
        """An access token; Keycloak is not asked about an offline token that is known to be dead."""
        path = f'/v1/users/{quote(user_id, safe="")}/access-token'
        return (await self._call('POST', path, self._service, {'min_valid_s': min_valid_s}))['access_token']

    async def verdict(self, user_id: str) -> dict[str, Any]:
        """What is known of the user's best offline token."""
        return (await self._call('POST', '/v1/decide', self._service, {'items': [{'user_id': user_id}]}))['items'][0]

    async def track_offline_token(self, token_id: dict[str, Any]) -> dict[str, Any]:
        """Tells of a token that stays in the backend."""
        return await self._call('PUT', '/v1/offline-tokens', self._service, token_id)

    async def verdict_of(self, token_id: dict[str, Any]) -> dict[str, Any]:
        """What is known of exactly this token."""
        return (await self._call('POST', '/v1/decide', self._service, {'items': [token_id]}))['items'][0]

    async def report_refresh(self, outcome: dict[str, Any]) -> dict[str, Any]:
        """What Keycloak answered to the backend's own refresh; recorded is false if that says nothing about the token."""
        return await self._call('POST', '/v1/refresh-outcomes', self._service, outcome)

    async def logout(self, refresh_token: str) -> dict[str, Any]:
        """Ends an online session. An offline token that is sent by mistake is kept."""
        return await self._call('POST', '/v1/logout', self._service, {'refresh_token': refresh_token})

    async def set_standing(self, user_id: str, enabled: bool, reason: str) -> dict[str, Any]:
        """The backend's own disable, which Keycloak's enable does not undo."""
        path = f'/v1/users/{quote(user_id, safe="")}/standing'
        return await self._call('POST', path, self._service, {'enabled': enabled, 'reason': reason})

    async def _call(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Any = None,
        kinds: dict[str, type[AuthError]] = _OF_A_TOKEN,
    ) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, headers=headers, json=body)
        except httpx.HTTPError as e:
            raise TokenRefreshError('unreachable', 'authapi does not answer') from e
        if answer.is_success:
            return answer.json()
        raise _error(answer, kinds)


def _error(answer: httpx.Response, kinds: dict[str, type[AuthError]]) -> AuthError:
    try:
        problem = answer.json()
        ours, _, slug = problem['type'].partition(_TYPE)
        fields = {m: problem.get(m) for m in _MEMBERS}
    except (ValueError, TypeError, KeyError, AttributeError):
        ours, slug, fields = 'not', '', {}
    if ours or not slug:  # something between us and authapi has answered
        return TokenRefreshError('unexpected_answer')
    fields['reason'] = fields['reason'] or 'unexpected_answer'
    fields['detail'] = fields['detail'] or ''
    if answer.status_code in (401, 403) and kinds is _OF_A_TOKEN:
        fields['detail'] = f'the service credential: {fields["reason"]}: {fields["detail"]}'
        fields['reason'] = 'service_credential_refused'
    return kinds.get(slug, TokenRefreshError)(**fields)
