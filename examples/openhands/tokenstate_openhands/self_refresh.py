"""For a backend that goes on keeping its offline tokens and refreshing them at Keycloak itself.

authapi is told which tokens there are, never what they are; it is asked before each refresh, and
told what came of it. So nobody refreshes a dead token, and a refusal that only this backend has
seen is known everywhere.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

from tokenstate import StoredToken, TokenID

from .client import Tokenstate
from .errors import OfflineTokenDeadError, TokenRefreshError

# Sends a refresh token to Keycloak's token endpoint: the answer's status and its JSON, {} for none.
Refresh = Callable[[str], Awaitable[tuple[int, dict[str, Any]]]]


def token_id(token: str) -> TokenID:
    """What authapi knows a token by. The signature is Keycloak's alone to check."""
    try:
        payload = token.split('.')[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))
        return TokenID(claims['sub'], claims['azp'], claims['sid'], claims['iat'])
    except (IndexError, ValueError, KeyError, TypeError):
        raise ValueError('not an offline token of Keycloak') from None  # which may not stand in a message


async def track(api: Tokenstate, token: str) -> StoredToken:
    """After each login, and after each refresh that brought another token."""
    return await api.track_offline_token(token_id(token))


async def refresh(api: Tokenstate, token: str, ask: Refresh) -> dict[str, Any]:
    """Keycloak's answer to a refresh; OfflineTokenDeadError if it is known to refuse, or does.

    TokenRefreshError (503) if Keycloak does not answer: that is no word on the token.
    """
    which = token_id(token)
    v = await api.verdict_of(which)
    if v.state in ('revoked', 'suspended'):
        since, retry_at = (at.isoformat() if at else None for at in (v.since, v.retry_at))
        raise OfflineTokenDeadError(v.reason or v.state, since=since, event_id=v.event_id, retry_at=retry_at)
    status, answer = await ask(token)
    said = {k: answer[k] for k in ('error', 'error_description') if isinstance(answer.get(k), str)}
    outcome = await api.report_refresh(which, status, **(said if status != 200 else {}))
    if status == 200:
        if answer.get('refresh_token', token) != token:
            await track(api, answer['refresh_token'])
        return answer
    if outcome.recorded:
        raise OfflineTokenDeadError(outcome.reason)
    raise TokenRefreshError(outcome.reason, 'Keycloak gives no access token now, which says nothing about the token')
