"""What authapi refuses, as exceptions of the kind that OpenHands' middleware answers by.

None of them holds a key or a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class AuthError(Exception):
    """A refusal. `reason` is stable, `detail` is for people; since and event_id say how it came about."""

    reason: str
    detail: str = ''
    since: str | None = None
    event_id: str | None = None
    login_url: str | None = None
    retry_at: str | None = None
    status = 401

    def __str__(self) -> str:
        return f'{type(self).__name__}: {self.reason}' + (f' since {self.since}' if self.since else '')

    def body(self) -> dict[str, Any]:
        """The answer's body: clients match `error`, so the rest is added beside it."""
        extra = {k: v for k, v in vars(self).items() if v}
        return {'error': type(self).__name__, **extra}


class BearerTokenError(AuthError):
    """The API key is not valid any more; minting or making another one may help."""


class WrongOrganizationError(AuthError):
    """The key is bound to another organization than X-Org-Id says."""

    status = 403


class OfflineTokenDeadError(AuthError):
    """No access token can be had. The API key is not affected: do not answer 401 because of this."""

    status = 409


class TokenRefreshError(AuthError):
    """Nothing is known, or the backend's own credential was refused. Try again; log nobody out, delete nothing."""

    status = 503
