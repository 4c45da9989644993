"""What goes wrong, by what the caller has to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ._read import Answer, instant

_TYPE = 'urn:tokenstate:problem:'


@dataclass(frozen=True)
class Meta:
    """How fresh an answer is: of which state, and for how long Keycloak has not been known completely."""

    version: int = 0
    age: timedelta = timedelta(0)


class TokenstateError(Exception):
    """Any error of this package."""


class InvalidCall(TokenstateError, ValueError):
    """The call was not sent, for authapi could only refuse it. The text says what to set."""


class UnexpectedAnswer(TokenstateError):
    """The answer is not what authapi answers: is the address right?"""


class Problem(TokenstateError):
    """authapi refused (RFC 9457). `reason` is stable; `detail` is for people and says what to do."""

    def __init__(self, status: int, slug: str, reason: str = '', detail: str = '') -> None:
        super().__init__(status, slug, reason, detail)
        self.status, self.slug, self.reason, self.detail = status, slug, reason, detail
        self.since: datetime | None = None
        self.event_id: str | None = None
        self.key_id: str | None = None
        self.login_url: str | None = None
        self.retry_at: datetime | None = None
        self.meta = Meta()

    def __str__(self) -> str:
        words = f'{self.slug} ({self.status})'
        if self.reason and self.reason != self.slug.replace('-', '_'):
            words += f': {self.reason}'
        if self.since:
            words += f' since {self.since.isoformat()}'
        return words + (f': {self.detail}' if self.detail else '')

    @property
    def temporary(self) -> bool:
        """The same call may succeed later without anybody doing anything."""
        return self.status >= 500 or self.status == 429


class Unauthorized(Problem):
    """401: the API key or the service credential is not valid; `reason` says why."""


class Forbidden(Problem):
    """403: it is valid, and may not do this."""


class TokenRevoked(Problem):
    """The user's offline token is dead: have them log in again. No API key is affected."""


class TokenSuspended(Problem):
    """Keycloak would refuse the offline token now; it may work again."""


class NoToken(Problem):
    """No offline token of the user is stored."""


class Unavailable(Problem):
    """503: nothing was decided. Try again; drop nothing."""


class Unreachable(Unavailable):
    """No answer came."""

    def __init__(self) -> None:
        super().__init__(503, 'unreachable', 'unreachable', 'authapi does not answer')


_BY_SLUG: dict[str, type[Problem]] = {
    'offline-token-revoked': TokenRevoked,
    'offline-token-suspended': TokenSuspended,
    'no-offline-token': NoToken,
}
_BY_STATUS: dict[int, type[Problem]] = {401: Unauthorized, 403: Forbidden, 503: Unavailable}


def problem_of(answer: Answer) -> Problem:
    """Reads a refusal. Whatever stands between may answer, too; then its text is not repeated."""
    body: Any = None
    try:
        body = answer.json()
    except ValueError:
        pass
    ours = isinstance(body, dict) and isinstance(body.get('type'), str) and body['type'].startswith(_TYPE)
    if not ours:
        body = {}
    slug = body['type'].removeprefix(_TYPE) if ours else 'unexpected-answer'
    kind = _BY_SLUG.get(slug) or _BY_STATUS.get(answer.status, Problem)
    p = kind(answer.status, slug, str(body.get('reason') or ''), str(body.get('detail') or ''))
    p.since, p.retry_at = instant(body.get('since')), instant(body.get('retry_at')) or _retry_after(answer)
    p.event_id, p.key_id, p.login_url = body.get('event_id'), body.get('key_id'), body.get('login_url')
    p.meta = meta_of(answer)
    return p


def _retry_after(answer: Answer) -> datetime | None:
    text = answer.headers.get('Retry-After', '')
    return datetime.now(timezone.utc) + timedelta(seconds=int(text)) if text.isdecimal() and len(text) < 9 else None


def meta_of(answer: Answer) -> Meta:
    version, age = (answer.headers.get(name, '') for name in ('Tokenstate-Version', 'Tokenstate-Age-Ms'))
    return Meta(
        int(version) if version.isdecimal() else 0, timedelta(milliseconds=int(age) if age.isdecimal() else 0)
    )
