"""Shadow mode: the backend decides as before, authapi is asked beside it, differences are logged.

Neither the request's answer nor its latency depends on authapi. `authapi shadow openhands`
compares every key of the database instead; this compares what is really sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from .bearer_auth import BearerAuth, key_of
from .errors import AuthError, TokenRefreshError

logger = logging.getLogger(__name__)

# What the backend's own bearer step found: (user_id, org_id), or None if it refused.
Own = tuple[str, str | None] | None


@dataclass
class Shadow:
    """Wrap the backend's bearer step in `authenticate`."""

    ours: BearerAuth
    own: Callable[[Mapping[str, str]], Awaitable[Own]]
    compared: int = 0
    mismatched: int = 0
    undecided: int = 0
    at_once: int = 100
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def authenticate(self, headers: Mapping[str, str]) -> Own:
        """The backend's answer, unchanged."""
        own = await self.own(headers)
        if len(self._running) < self.at_once and key_of(headers):
            task = asyncio.create_task(self._compare(dict(headers), own))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return own

    async def settled(self) -> None:
        """Waits for comparisons under way."""
        await asyncio.gather(*self._running)

    async def _compare(self, headers: Mapping[str, str], own: Own) -> None:
        reason = None
        try:
            user = await self.ours.authenticate(headers)
            ours: Own = (user.user_id, user.org_id) if user else None
        except TokenRefreshError:
            self.undecided += 1
            return
        except AuthError as e:
            ours, reason = None, e.reason
        except Exception:
            logger.exception('shadow: the comparison failed')
            return
        self.compared += 1
        if ours != own:
            self.mismatched += 1
            digest = hashlib.sha256((key_of(headers) or '').encode()).hexdigest()
            logger.warning('shadow: mismatch key_sha256=%s backend=%s tokenstate=%s reason=%s', digest, own, ours, reason)
