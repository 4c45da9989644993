"""The calls of authapi that this backend needs, with refusals as OpenHands' own exceptions.

The client itself is the package `tokenstate` (clients/python).
"""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

import httpx
from tokenstate import (
    Applied,
    AsyncTokenstate,
    Decision,
    Identity,
    LogoutResult,
    Problem,
    Question,
    Reported,
    StoredToken,
    TokenID,
    UnexpectedAnswer,
)

from .errors import AuthError, BearerTokenError, OfflineTokenDeadError, TokenRefreshError, WrongOrganizationError

T = TypeVar('T')

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


class Tokenstate:
    """One authapi; `service_key` is a service credential, made by `authapi service-keys add`."""

    def __init__(
        self, url: str, service_key: str, timeout: float = 10.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._api = AsyncTokenstate(url, service_key, timeout=timeout, transport=transport)

    async def close(self) -> None:
        await self._api.aclose()

    async def me(self, api_key: str, org_id: str | None = None) -> Identity:
        """Whose key it is. It says nothing of settings or permissions: those stay in the backend."""
        return await _told(self._api.me(api_key, org_id=org_id), _OF_A_KEY)

    async def store_offline_token(self, token: str) -> StoredToken:
        """Gives a token into authapi's custody, instead of a row of offline_tokens."""
        return await _told(self._api.store_token(token))

    async def access_token(self, user_id: str, min_valid: timedelta = timedelta(seconds=30)) -> str:
        """An access token; Keycloak is not asked about an offline token that is known to be dead."""
        return (await _told(self._api.access_token(user_id, min_valid=min_valid))).access_token

    async def verdict(self, user_id: str) -> Decision:
        """What is known of the user's best offline token."""
        return (await _told(self._api.decide([Question(user_id=user_id)])))[0]

    async def track_offline_token(self, token: TokenID) -> StoredToken:
        """Tells of a token that stays in the backend."""
        return await _told(self._api.track_token(token))

    async def verdict_of(self, token: TokenID) -> Decision:
        """What is known of exactly this token."""
        of = Question(
            user_id=token.user_id, client_id=token.client_id, session_id=token.session_id, issued_at=token.issued_at
        )
        return (await _told(self._api.decide([of])))[0]

    async def report_refresh(self, token: TokenID, status: int, **said: str) -> Reported:
        """What Keycloak answered to the backend's own refresh; recorded is false if that says nothing about the token."""
        return await _told(self._api.report_refresh(token, status, **said))

    async def logout(self, refresh_token: str) -> LogoutResult:
        """Ends an online session. An offline token that is sent by mistake is kept."""
        return await _told(self._api.logout(refresh_token))

    async def set_standing(self, user_id: str, enabled: bool, reason: str) -> Applied:
        """The backend's own disable, which Keycloak's enable does not undo."""
        return await _told(self._api.set_standing(user_id, enabled, reason))


async def _told(call: Awaitable[T], kinds: dict[str, type[AuthError]] = _OF_A_TOKEN) -> T:
    try:
        return await call
    except Problem as p:
        raise _error(p, kinds) from p
    except UnexpectedAnswer as e:
        raise TokenRefreshError('unexpected_answer') from e


def _error(p: Problem, kinds: dict[str, type[AuthError]]) -> AuthError:
    if p.slug == 'unexpected-answer':  # something between us and authapi has answered
        return TokenRefreshError('unexpected_answer')
    reason, detail = p.reason or 'unexpected_answer', p.detail
    if p.status in (401, 403) and kinds is _OF_A_TOKEN:
        reason, detail = 'service_credential_refused', f'the service credential: {reason}: {detail}'
    since, retry_at = (at.isoformat() if at else None for at in (p.since, p.retry_at))
    return kinds.get(p.slug, TokenRefreshError)(reason, detail, since, p.event_id, p.login_url, retry_at)
