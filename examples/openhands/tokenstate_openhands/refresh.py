"""Replaces load_offline_token + refresh, on every path that needs a Keycloak access token.

With a key, OpenHands works without one (get_access_token() answers None); Slack's path and the
provider services ask for one. Both now get the reason, and nobody refreshes a dead token.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from .client import Tokenstate
from .errors import OfflineTokenDeadError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Access:
    """Either a token, or why there is none and what to tell the user."""

    token: str | None
    reason: str | None = None
    message: str | None = None


async def get_access_token(api: Tokenstate, user_id: str) -> Access:
    """Never raises for a dead token; TokenRefreshError (503) if nothing is known."""
    try:
        return Access(await api.access_token(user_id))
    except OfflineTokenDeadError as e:
        logger.info('no access token', extra={'user_id': user_id, 'reason': e.reason, 'event_id': e.event_id})
        return Access(None, e.reason, message(e))


def message(e: OfflineTokenDeadError) -> str:
    """What an integration says instead of "unexpected error"."""
    where = f' at {e.login_url}' if e.login_url else ''
    if e.reason in ('user_disabled', 'user_deleted', 'realm_disabled'):
        return 'your account is disabled: please ask an administrator.'
    if e.reason == 'no_offline_token':
        return f'please log in{where} before starting a job.'
    return f'your session has expired. Please log in again{where} and try again.'
