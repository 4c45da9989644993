"""Replaces what POST /api/logout does at Keycloak.

It always answers 200 and deletes the cookie, as before. Only a browser's session ends: a request
that carries a key as well harms neither key nor offline token, and no error ever logs anybody out.
"""

from __future__ import annotations

import logging

from .client import Tokenstate
from .errors import AuthError

logger = logging.getLogger(__name__)


async def logout(api: Tokenstate, cookie_refresh_token: str | None) -> bool:
    """Pass the refresh token out of the cookie, never one that was loaded for a key. Whether it ended."""
    if not cookie_refresh_token:
        return False
    try:
        return (await api.logout(cookie_refresh_token)).ended
    except AuthError as e:
        logger.warning('the session at Keycloak was not ended', extra={'reason': e.reason})
        return False
