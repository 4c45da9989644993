"""What is asked and answered. Ids are opaque; times are aware datetimes, but for `issued_at`, a token's iat in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ._errors import Meta

# Only usable and unknown are worth a refresh. unknown: nothing is stored or tracked; of an API key: it is not known.
State = Literal['usable', 'suspended', 'revoked', 'unknown']


@dataclass(frozen=True)
class Verdict:
    """What is known of an offline token."""

    state: State = 'unknown'
    reason: str | None = None
    since: datetime | None = None
    event_id: str | None = None
    checked_at: datetime | None = None
    in_doubt: bool = False
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Key:
    """An API key, without its secret. `kind` is system, user or legacy."""

    id: str = ''
    name: str = ''
    kind: str = ''


@dataclass(frozen=True)
class Identity:
    """Whose an API key is. `token`, the user's best offline token, does not matter for the key."""

    user_id: str
    key: Key
    token: Verdict
    org_id: str | None = None
    realm: str = ''
    meta: Meta = Meta()


@dataclass(frozen=True)
class Admission:
    """What a gateway is told of a key that may pass."""

    user_id: str
    realm: str
    key_id: str
    key_kind: str
    token_state: str
    org_id: str | None = None


@dataclass(frozen=True)
class TokenID:
    """Names one offline token by four of its claims: sub, azp, sid and iat."""

    user_id: str
    client_id: str
    session_id: str
    issued_at: int


@dataclass(frozen=True)
class Question:
    """About an API key, alone, or about a user's tokens: of all clients, of one, or one token of one session."""

    api_key: str = field(default='', repr=False)
    user_id: str = ''
    client_id: str = ''
    session_id: str = ''
    issued_at: int = 0


@dataclass(frozen=True)
class Decision(Verdict):
    """A token's verdict, or for an API key whether it is active and whose it is."""

    active: bool | None = None
    user_id: str | None = None
    org_id: str | None = None
    key: Key | None = None
    token: Verdict | None = None


@dataclass(frozen=True)
class StoredToken:
    """An offline token as authapi knows it. `custody` is sealed (authapi keeps it) or tracked (you do)."""

    user_id: str
    client_id: str
    session_id: str
    issued_at: int
    custody: str
    verified: bool
    state: State
    expires_at: datetime | None = None
    scope: str = ''
    applied: bool = False


@dataclass(frozen=True)
class ListedToken(Verdict):
    client_id: str = ''
    session_id: str = ''
    issued_at: int = 0
    expires_at: datetime | None = None
    scope: str = ''
    custody: str = ''
    verified: bool = False


@dataclass(frozen=True)
class TokenPage:
    items: tuple[ListedToken, ...] = ()
    next_cursor: str | None = None


@dataclass(frozen=True)
class AccessToken:
    """`expires_in` is in seconds; `source` is cache or refresh."""

    access_token: str = field(repr=False)
    expires_in: int
    source: str


@dataclass(frozen=True)
class Reported:
    """What a refresh outcome means for its token; recorded is false if it says nothing about it."""

    recorded: bool
    reason: str
    state: State
    applied: bool = False


@dataclass(frozen=True)
class LogoutResult:
    """`offline` is kept, revoked or none."""

    ended: bool
    offline: str
    event_id: str | None = None
    applied: bool = False


@dataclass(frozen=True)
class Reached:
    """What an order found. 0 throughout: nobody of that id is known; check it."""

    users: int = 0
    tokens: int = 0
    keys: int = 0


@dataclass(frozen=True)
class Applied:
    """An order was given; `applied` says whether it is enforced by now."""

    event_id: str
    applied: bool
    version: int
    reached: Reached = Reached()


@dataclass(frozen=True)
class UserKey:
    """An API key as its owner sees it."""

    id: str
    name: str
    kind: str
    user_id: str
    active: bool
    org_id: str | None = None
    prefix: str | None = None
    last_four: str | None = None
    scopes: tuple[str, ...] = ()
    created_at: datetime | None = None
    expires_at: datetime | None = None
    not_before: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    replaces: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class IssuedKey(UserKey):
    """A key that was made. Its secret is shown this once."""

    key: str = field(default='', repr=False)
    applied: bool = False


@dataclass(frozen=True)
class KeyPage:
    items: tuple[UserKey, ...] = ()
    next_cursor: str | None = None


@dataclass(frozen=True)
class Introspection:
    """RFC 7662's answer about an API key. Of one that is not active nothing else is said."""

    active: bool
    scope: str | None = None
    user_id: str | None = field(default=None, metadata={'name': 'sub'})
    issued_at: int | None = field(default=None, metadata={'name': 'iat'})
    expires_at: int | None = field(default=None, metadata={'name': 'exp'})
    not_before: int | None = field(default=None, metadata={'name': 'nbf'})
    key_id: str | None = field(default=None, metadata={'name': 'jti'})
    org_id: str | None = None
    key_name: str | None = None
    key_kind: str | None = None


@dataclass(frozen=True)
class KnownStanding:
    """What is known of a user beside their tokens; known is false if they were never looked at."""

    active: bool
    known: bool
    reason: str | None = None
    since: datetime | None = None
    event_id: str | None = None
    checked_at: datetime | None = None
    in_doubt: bool = False


@dataclass(frozen=True)
class Can:
    """What works for a user now: what needs an API key only, and what needs a fresh access token."""

    api_keys: bool
    refresh: bool


@dataclass(frozen=True)
class UserAuth:
    """What can proceed for a user, why not all of it can, and Markdown to show them."""

    user_id: str
    standing: KnownStanding
    token: Verdict
    can: Can
    reason: str | None = None
    message: str | None = None
    login_url: str | None = None


@dataclass(frozen=True)
class Health:
    status: str
    service_auth_configured: bool


@dataclass(frozen=True)
class Change:
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Actor:
    """Who did it, by ids: an administrator, say, of another realm."""

    user: str = ''
    client: str = ''
    realm: str = ''


@dataclass(frozen=True)
class Conclusion:
    """What is true now of some keys or tokens: `ids` are the keys', or the tokens' sessions. `do` is what helps."""

    what: str
    state: str
    ids: tuple[str, ...] = ()
    reason: str | None = None
    since: datetime | None = None
    event_id: str | None = None
    by: str | None = None
    actor: Actor | None = None
    in_doubt: bool = False
    do: str | None = None


@dataclass(frozen=True)
class Step:
    """One message and what it changed. `at` is by the clock of who said it, `received` by the log's.

    `times`: how many looks without a change are told as this one.
    """

    at: datetime
    received: datetime
    id: str
    what: str
    said_by: str = field(default='', metadata={'name': 'from'})
    actor: Actor | None = None
    changes: tuple[Change, ...] = ()
    times: int = 0


@dataclass(frozen=True)
class Story:
    """Why a user's keys and tokens are what they are: the conclusion, and what led to it, newest first.

    `left_out` messages changed nothing; `more`: there are more messages than are told.
    """

    realm: str
    user: str
    conclusion: tuple[Conclusion, ...] = ()
    steps: tuple[Step, ...] = ()
    left_out: int = 0
    more: bool = False
    pruned: bool = False
    next_cursor: str | None = None


@dataclass(frozen=True)
class Arrival:
    message_id: str
    what: str
    at: datetime
    received_at: datetime | None = None


@dataclass(frozen=True)
class EventState:
    """What has become of an event of Keycloak, or of an order."""

    event_id: str
    applied: bool
    version: int
    messages: tuple[Arrival, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """One call that was refused. Without key, user, org and realm: the secret did not match."""

    at: datetime
    door: str
    status: int
    reason: str
    request_id: str | None = None
    event_id: str | None = None
    key_id: str | None = None
    user_id: str | None = None
    org_id: str | None = None
    realm: str | None = None


@dataclass(frozen=True)
class StatusCheck:
    """One of the things that were looked at; level is good, warn or bad."""

    name: str
    level: str
    found: str
    means: str


@dataclass(frozen=True)
class StatusNode:
    """A node of Keycloak; level is also none: it has left."""

    name: str
    level: str
    state: str
    heard_at: datetime
    queued: int
    dropped: int


@dataclass(frozen=True)
class StatusVerified:
    """The last `revocation-worker verify`."""

    at: datetime
    by: str
    sound: bool
    found: str


@dataclass(frozen=True)
class StatusLog:
    """How far the log is applied."""

    applied_seq: int
    worker_active: bool
    parked: int
    orders_waiting: int
    worker: str | None = None
    verified: StatusVerified | None = None


@dataclass(frozen=True)
class Status:
    """Whether what the other calls answer may be relied on; level is good, warn or bad. Without log: the database is away."""

    level: str
    sentence: str
    at: datetime
    known_until: datetime | None = None
    age_ms: int | None = None
    checks: tuple[StatusCheck, ...] = ()
    nodes: tuple[StatusNode, ...] = ()
    log: StatusLog | None = None


@dataclass(frozen=True)
class FoundUsers:
    user_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefusalPage:
    items: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class NoticeData:
    """What a notice says; what its type has no use for is None."""

    realm: str
    user_id: str
    keys_pass: bool
    message: str
    token_user_id: str | None = None
    client_id: str | None = None
    session_id: str | None = None
    key_id: str | None = None
    reason: str | None = None
    since: datetime | None = None
    event_id: str | None = None
    expires_at: datetime | None = None
    last_key_use: datetime | None = None
    login_url: str | None = None


@dataclass(frozen=True)
class Notice:
    """Something that a user should be told: a CloudEvent. Its id is the same however often it comes."""

    id: str
    type: str
    subject: str
    time: datetime
    data: NoticeData


@dataclass(frozen=True)
class NoticePage:
    """Notices, oldest first. next_after is where to go on, also when there is nothing more yet."""

    next_after: str
    items: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class DecisionPage:
    items: tuple[Decision, ...] = ()
