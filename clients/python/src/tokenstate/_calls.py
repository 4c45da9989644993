"""Each call of the API as a value: what is sent, and how the answer is read. The two clients only send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import quote, unquote

from . import _models as m
from ._errors import InvalidCall, UnexpectedAnswer, meta_of
from ._read import Answer, read

T = TypeVar('T')

SERVICE_HEADER = 'X-Service-API-Key'


@dataclass(frozen=True)
class Call(Generic[T]):
    method: str
    path: str
    answer: Callable[[Answer], T]
    json: Any = None
    form: Mapping[str, str] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    service: bool = True  # with the service credential
    writes: bool = False  # may wait until it is enforced
    keyed: bool = False  # about an API key of the client's realm


def need(so: bool, detail: str) -> None:
    if not so:
        raise InvalidCall(detail)


def path(*parts: str) -> str:
    """Each part is escaped, so that an id cannot lead to another call."""
    for part in parts:
        need(part not in ('', '.', '..'), 'an id is empty or cannot be part of a path')
    return ''.join('/' + quote(part, safe='') for part in parts)


def _of(cls: type[T]) -> Callable[[Answer], T]:
    def answer(r: Answer) -> T:
        try:
            return read(cls, r.json())
        except (ValueError, TypeError) as e:
            raise UnexpectedAnswer(f'the answer is no {cls.__name__} of authapi: is the address right?') from e

    return answer


def _nothing(_: Answer) -> None:
    return None


def _given(**members: Any) -> dict[str, Any]:
    """Members that are set; times as RFC 3339."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in members.items()
        if value is not None
    }


def _moment(name: str, at: datetime | None) -> None:
    need(at is None or at.tzinfo is not None, f'{name} needs a time zone')


def health() -> Call[m.Health]:
    return Call('GET', '/api/service/health', _of(m.Health), service=False)


def _bearer(api_key: str) -> dict[str, str]:
    need(0 < len(api_key) <= 256 and api_key.isascii() and api_key.isprintable() and ' ' not in api_key, 'an API key is 1 to 256 printable ASCII characters')
    return {'Authorization': f'Bearer {api_key}'}


def me(api_key: str, org_id: str | None) -> Call[m.Identity]:
    headers = _bearer(api_key) | ({'X-Org-Id': org_id} if org_id else {})
    identity = _of(m.Identity)
    return Call(
        'GET', '/api/v1/users/me', lambda r: replace(identity(r), meta=meta_of(r)), headers=headers, service=False, keyed=True
    )


def _admission(r: Answer) -> m.Admission:
    def said(name: str) -> str:
        return unquote(r.headers.get(name, ''))

    return m.Admission(
        said('X-Auth-User-Id'), said('X-Auth-Realm'), said('X-Auth-Key-Id'), said('X-Auth-Key-Kind'),
        said('X-Offline-Token-State'), said('X-Auth-Org-Id') or None,
    )  # fmt: skip


def authorize(api_key: str) -> Call[m.Admission]:
    return Call('GET', '/v1/authorize', _admission, headers=_bearer(api_key), service=False, keyed=True)


def decide(questions: Sequence[m.Question], observe: bool) -> Call[tuple[m.Decision, ...]]:
    need(0 < len(questions) <= 1000, 'ask 1 to 1,000 questions at once')
    items = []
    for q in questions:
        need(bool(q.api_key or q.user_id), 'a Question has an api_key or a user_id')
        need(not q.api_key or q == m.Question(q.api_key), 'a Question has its api_key alone')
        need(not q.session_id or bool(q.client_id), 'a Question with session_id needs client_id')
        need(not q.issued_at or bool(q.session_id), 'a Question with issued_at needs session_id')
        items.append({name: value for name, value in asdict(q).items() if value})
    page = _of(m.DecisionPage)

    def answer(r: Answer) -> tuple[m.Decision, ...]:
        if len(found := page(r).items) != len(questions):
            raise UnexpectedAnswer('authapi gave another number of answers than there were questions')
        return found

    return Call('POST', '/v1/decide', answer, {'items': items} | ({'observe': True} if observe else {}))


def introspect(api_key: str) -> Call[m.Introspection]:
    return Call('POST', '/oauth2/introspect', _of(m.Introspection), form={'token': api_key})


def store_token(refresh_token: str, accept_narrower: bool) -> Call[m.StoredToken]:
    need(bool(refresh_token), 'store_token needs an offline token')
    body = {'refresh_token': refresh_token} | ({'accept_narrower': True} if accept_narrower else {})
    return Call('PUT', '/v1/offline-tokens', _of(m.StoredToken), body, writes=True)


def _named(token: m.TokenID) -> dict[str, Any]:
    need(
        all((token.user_id, token.client_id, token.session_id)) and token.issued_at > 0,
        'a TokenID needs user_id (sub), client_id (azp), session_id (sid) and issued_at (iat) of the offline token',
    )
    return asdict(token)


def track_token(token: m.TokenID, expires_at: datetime | None, scope: str | None, issuer: str | None) -> Call[m.StoredToken]:
    _moment('expires_at', expires_at)
    body = _named(token) | _given(expires_at=expires_at, scope=scope, issuer=issuer)
    return Call('PUT', '/v1/offline-tokens', _of(m.StoredToken), body, writes=True)


def tokens(user_id: str, limit: int | None, cursor: str | None) -> Call[m.TokenPage]:
    return Call('GET', path('v1', 'users', user_id, 'offline-tokens'), _of(m.TokenPage), query=_page(limit, cursor))


def _page(limit: int | None, cursor: str | None) -> dict[str, str]:
    return ({'limit': str(limit)} if limit else {}) | ({'cursor': cursor} if cursor else {})


def delete_token(user_id: str, session_id: str) -> Call[None]:
    return Call('DELETE', path('v1', 'users', user_id, 'offline-tokens', session_id), _nothing, writes=True)


def access_token(user_id: str, client_id: str | None, min_valid: timedelta, audience: str | None) -> Call[m.AccessToken]:
    need(timedelta(0) <= min_valid <= timedelta(hours=1), 'min_valid is an hour at most')
    body = _given(client_id=client_id, audience=audience, min_valid_s=int(min_valid.total_seconds()))
    return Call('POST', path('v1', 'users', user_id, 'access-token'), _of(m.AccessToken), body)


def report_refresh(token: m.TokenID, status: int, error: str, error_description: str) -> Call[m.Reported]:
    need(100 <= status <= 599, "status is that of the answer of Keycloak's token endpoint")
    body = _named(token) | {'status': status, 'error': error[:255], 'error_description': error_description[:1000]}
    return Call('POST', '/v1/refresh-outcomes', _of(m.Reported), body, writes=True)


def logout(refresh_token: str, revoke_offline: bool) -> Call[m.LogoutResult]:
    need(bool(refresh_token), 'logout needs the refresh token of the session that ends')
    body = {'refresh_token': refresh_token, 'revoke_offline': revoke_offline}
    return Call('POST', '/v1/logout', _of(m.LogoutResult), body, writes=True)


@dataclass(frozen=True)
class _EventID:
    event_id: str


def backchannel_logout(logout_token: str) -> Call[str]:
    read_id = _of(_EventID)
    return Call(
        'POST', '/v1/backchannel-logout', lambda r: read_id(r).event_id, form={'logout_token': logout_token}, service=False
    )


@dataclass(frozen=True)
class _Minted:
    key: str


def mint(user_id: str, org_id: str, name: str) -> Call[str]:
    minted = _of(_Minted)
    at = path('api', 'service', 'users', user_id, 'orgs', org_id, 'api-keys')
    return Call('POST', at, lambda r: minted(r).key, {'name': name}, writes=True)


def revoke_system_key(user_id: str, org_id: str, name: str, block: bool) -> Call[None]:
    at = path('api', 'service', 'users', user_id, 'orgs', org_id, 'api-keys', name)
    return Call('DELETE', at, _nothing, query={'block': 'true'} if block else {}, writes=True)


def create_key(
    user_id: str, name: str, org_id: str | None, expires_at: datetime | None, not_before: datetime | None,
    scopes: Sequence[str], idempotency_key: str | None,
) -> Call[m.IssuedKey]:  # fmt: skip
    need(0 < len(name) <= 100, 'a key has a name of at most 100 characters')
    _moment('expires_at', expires_at)
    _moment('not_before', not_before)
    need(not (expires_at and not_before) or not_before < expires_at, 'not_before lies before expires_at')
    body = _given(name=name, org_id=org_id, expires_at=expires_at, not_before=not_before, scopes=list(scopes) or None)
    return _issue(path('v1', 'users', user_id, 'api-keys'), body, idempotency_key)


def rotate_key(
    user_id: str, key_id: str, overlap: timedelta | None, expires_at: datetime | None, idempotency_key: str | None
) -> Call[m.IssuedKey]:
    need(overlap is None or timedelta(0) <= overlap <= timedelta(days=30), 'overlap is 0 to 30 days')
    _moment('expires_at', expires_at)
    body = _given(overlap_s=None if overlap is None else int(overlap.total_seconds()), expires_at=expires_at)
    return _issue(path('v1', 'users', user_id, 'api-keys', key_id, 'rotate'), body, idempotency_key)


def _issue(at: str, body: dict[str, Any], idempotency_key: str | None) -> Call[m.IssuedKey]:
    headers = {'Idempotency-Key': idempotency_key} if idempotency_key else {}
    return Call('POST', at, _of(m.IssuedKey), body, headers=headers, writes=True)


def keys(user_id: str, system: bool, limit: int | None, cursor: str | None) -> Call[m.KeyPage]:
    query = _page(limit, cursor) | ({'system': 'true'} if system else {})
    return Call('GET', path('v1', 'users', user_id, 'api-keys'), _of(m.KeyPage), query=query)


def revoke_key(user_id: str, key_id: str) -> Call[None]:
    return Call('DELETE', path('v1', 'users', user_id, 'api-keys', key_id), _nothing, writes=True)


def member(method: str, org_id: str, user_id: str) -> Call[None]:
    return Call(method, path('v1', 'orgs', org_id, 'members', user_id), _nothing, writes=True)


def _reason(reason: str) -> None:
    need(0 < len(reason.encode()) <= 255, "say a reason, of at most 255 bytes: it stands in the user's story for good")


def set_standing(user_id: str, enabled: bool, reason: str, credentials_revoked_before: datetime | None) -> Call[m.Applied]:
    _reason(reason)
    _moment('credentials_revoked_before', credentials_revoked_before)
    body = _given(enabled=enabled, reason=reason, credentials_revoked_before=credentials_revoked_before)
    return Call('POST', path('v1', 'users', user_id, 'standing'), _of(m.Applied), body, writes=True)


def revoke(user_id: str, tokens: bool, keys: bool, reason: str, before: datetime | None) -> Call[m.Applied]:
    need(tokens or keys, 'revoke ends tokens, keys or both')
    _reason(reason)
    _moment('before', before)
    body = _given(tokens=tokens, keys=keys, reason=reason, before=before)
    return Call('POST', path('v1', 'users', user_id, 'revoke'), _of(m.Applied), body, writes=True)


def user_auth(user_id: str) -> Call[m.UserAuth]:
    return Call('GET', path('v1', 'users', user_id, 'auth'), _of(m.UserAuth))


def linked_user(idp: str, idp_user_id: str) -> Call[m.UserAuth]:
    need(bool(idp and idp_user_id), 'linked_user needs the alias of the identity provider and the id there')
    return Call('GET', '/v1/users', _of(m.UserAuth), query={'idp': idp, 'idp_user_id': idp_user_id})


def explain(id: str, everything: bool, limit: int | None, cursor: str | None) -> Call[m.Story]:
    need(bool(id), 'explain needs the id of a user, session, key, event, order or refused request')
    query = {'user_id': id} | _page(limit, cursor) | ({'all': 'true'} if everything else {})
    return Call('GET', '/v1/explain', _of(m.Story), query=query)


def event(event_id: str) -> Call[m.EventState]:
    return Call('GET', path('v1', 'events', event_id), _of(m.EventState))


def notices(after: str | None, limit: int | None) -> Call[m.NoticePage]:
    return Call('GET', '/v1/notices', _of(m.NoticePage), query=_page(limit, None) | ({'after': after} if after else {}))


def refusals(request_id: str | None, key_id: str | None, user_id: str | None, limit: int | None) -> Call[tuple[m.Refusal, ...]]:
    asked = {name: value for name, value in (('request_id', request_id), ('key_id', key_id), ('user_id', user_id)) if value}
    need(bool(asked), 'refusals are of a request_id, a key_id or a user_id')
    page = _of(m.RefusalPage)
    return Call('GET', '/v1/refusals', lambda r: page(r).items, query=asked | _page(limit, None))


def status() -> Call[m.Status]:
    return Call('GET', '/v1/status', _of(m.Status))


def users_by_email(email: str) -> Call[tuple[str, ...]]:
    need('@' in email, 'users_by_email needs an e-mail address')
    found = _of(m.FoundUsers)
    return Call('POST', '/v1/users/by-email', lambda r: found(r).user_ids, json={'email': email})
