"""Replaces the bearer step of OpenHands' authentication (saas_user_auth_from_bearer).

It reads no offline token and calls no Keycloak. A key of a user who logged out works; one of a user
who is disabled or deleted does not, and the error says why.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from .client import Tokenstate
from .errors import BearerTokenError

CACHE_SECONDS = 20.0
CACHE_ENTRIES = 1024


@dataclass(frozen=True)
class ApiKeyUser:
    """What the key says; e-mail, settings and permissions are read from the backend's own tables."""

    user_id: str
    org_id: str | None
    key_id: str
    key_name: str
    key_kind: str
    token_state: str


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key of a request, looked for in the order that OpenHands and authapi share."""
    authorization = headers.get('authorization') or headers.get('Authorization')
    if authorization is not None:
        scheme, _, key = authorization.partition(' ')
        return key if scheme.lower() == 'bearer' else None
    for name in ('X-Session-API-Key', 'X-Access-Token'):
        key = headers.get(name) or headers.get(name.lower())
        if key is not None:
            return key
    return None


class BearerAuth:
    """Answers are kept for 20 seconds by the key's digest; refusals are never kept."""

    def __init__(self, api: Tokenstate) -> None:
        self._api = api
        self._known: OrderedDict[str, tuple[float, ApiKeyUser]] = OrderedDict()

    async def authenticate(self, headers: Mapping[str, str]) -> ApiKeyUser | None:
        """None without a key, or with an unknown one: then the cookie is tried, as before.

        Raises BearerTokenError for a key that was valid once, WrongOrganizationError, and
        TokenRefreshError (503) when nothing can be decided. Never answer 401 for the last.
        """
        key = key_of(headers)
        if not key or len(key) > 256 or not key.isascii() or not key.isprintable():
            return None
        org = headers.get('X-Org-Id') or headers.get('x-org-id')
        seat = hashlib.sha256(f'{key}\0{org or ""}'.encode()).hexdigest()
        kept = self._known.get(seat)
        if kept and time.monotonic() < kept[0]:
            return kept[1]
        self._known.pop(seat, None)
        try:
            me = await self._api.me(key, org)
        except BearerTokenError as e:
            if e.reason == 'unknown':
                return None
            raise
        user = ApiKeyUser(me.user_id, me.org_id, me.key.id, me.key.name, me.key.kind, me.token.state)
        self._known[seat] = (time.monotonic() + CACHE_SECONDS, user)
        if len(self._known) > CACHE_ENTRIES:
            self._known.popitem(last=False)
        return user
