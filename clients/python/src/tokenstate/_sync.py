"""The client without asyncio. Do not edit: make_sync.py writes it from _async.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import TypeVar

import httpx

from . import _calls as calls
from . import _models as m
from ._errors import InvalidCall, UnexpectedAnswer, Unreachable, problem_of
from ._read import MAX_ANSWER, Answer

T = TypeVar('T')


class Tokenstate:
    """One authapi. It may be used from many threads at once; close it, or use it in `with`.

    `service_key` is a service credential (`authapi service-keys add`), without which only `health`, `me`, `authorize`
    and `backchannel_logout` can be used. `realm` takes API keys of that realm only. `wait` makes each call that writes
    wait so long, at most 5 s, until the answering replica enforces it. Redirects are not followed: a credential goes to
    no other address than the one that was configured.
    """

    def __init__(
        self,
        url: str,
        service_key: str | None = None,
        *,
        realm: str | None = None,
        wait: timedelta = timedelta(0),
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if httpx.URL(url).scheme not in ('http', 'https') or not httpx.URL(url).host:
            raise InvalidCall('the address of authapi is an http or https URL, such as https://authapi.example')
        self._http = httpx.Client(
            base_url=url, timeout=timeout, transport=transport, follow_redirects=False, trust_env=False
        )
        self._service_key, self._realm = service_key, realm
        self._wait_ms = min(max(int(wait.total_seconds() * 1000), 0), 5000)

    def __enter__(self) -> Tokenstate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def _send(self, call: calls.Call[T]) -> T:
        headers, query = dict(call.headers), dict(call.query)
        if call.service:
            if not self._service_key:
                raise InvalidCall('this call needs a service credential: give service_key to the client')
            headers[calls.SERVICE_HEADER] = self._service_key
        if call.writes and self._wait_ms:
            query['wait_ms'] = str(self._wait_ms)
        if call.keyed and self._realm is not None:
            query['realm'] = self._realm
        try:
            with self._http.stream(
                call.method, call.path, headers=headers, params=query, json=call.json, data=call.form
            ) as response:
                answer = Answer(response.status_code, response.headers, self._content(response))
        except httpx.HTTPError as e:
            raise Unreachable from e
        if not 200 <= answer.status < 300:
            raise problem_of(answer)
        return call.answer(answer)

    def _content(self, response: httpx.Response) -> bytes:
        content = bytearray()
        for part in response.iter_bytes():
            content += part
            if len(content) > MAX_ANSWER:
                raise UnexpectedAnswer('the answer is larger than any of authapi')
        return bytes(content)

    def health(self) -> m.Health:
        """Whether authapi knows enough to answer, and whether a service credential exists."""
        return self._send(calls.health())

    # Decisions

    def me(self, api_key: str, *, org_id: str | None = None) -> m.Identity:
        """Whose an API key is. A key is valid although its user's offline token is dead: that is what a logout is."""
        return self._send(calls.me(api_key, org_id))

    def authorize(self, api_key: str) -> m.Admission:
        """What a gateway is told of a key."""
        return self._send(calls.authorize(api_key))

    def decide(self, questions: Sequence[m.Question], *, observe: bool = False) -> tuple[m.Decision, ...]:
        """One answer for each question, in order; at most 1,000. With observe it is no use of a key."""
        return self._send(calls.decide(questions, observe))

    def introspect(self, api_key: str) -> m.Introspection:
        """Asks about an API key as OAuth asks about a token (RFC 7662)."""
        return self._send(calls.introspect(api_key))

    # Offline tokens

    def store_token(self, refresh_token: str, *, accept_narrower: bool = False) -> m.StoredToken:
        """Gives an offline token into authapi's custody. accept_narrower gives up one of the session with more scopes."""
        return self._send(calls.store_token(refresh_token, accept_narrower))

    def track_token(
        self,
        token: m.TokenID,
        *,
        expires_at: datetime | None = None,
        scope: str | None = None,
        issuer: str | None = None,
    ) -> m.StoredToken:
        """Tells authapi of an offline token that you keep, with its exp, scope and iss where they are known."""
        return self._send(calls.track_token(token, expires_at, scope, issuer))

    def tokens(self, user_id: str, *, limit: int | None = None, cursor: str | None = None) -> m.TokenPage:
        """What is known of a user's offline tokens, never the tokens."""
        return self._send(calls.tokens(user_id, limit, cursor))

    def delete_token(self, user_id: str, session_id: str) -> None:
        """Forgets the tokens of a session. Keycloak is not told."""
        return self._send(calls.delete_token(user_id, session_id))

    def access_token(
        self,
        user_id: str,
        *,
        client_id: str | None = None,
        min_valid: timedelta = timedelta(seconds=30),
        audience: str | None = None,
    ) -> m.AccessToken:
        """An access token of a user's sealed offline token. Of a dead one Keycloak is not asked: TokenRevoked says why.

        With audience it is exchanged for one that is meant for that client of the realm alone.
        """
        return self._send(calls.access_token(user_id, client_id, min_valid, audience))

    def report_refresh(
        self, token: m.TokenID, status: int, *, error: str = '', error_description: str = ''
    ) -> m.Reported:
        """What Keycloak answered when you refreshed a token yourself; 200: it was refreshed."""
        return self._send(calls.report_refresh(token, status, error, error_description))

    # Logout

    def logout(self, refresh_token: str, *, revoke_offline: bool = False) -> m.LogoutResult:
        """Ends the session of a refresh token. The offline token, and every automation, lives on unless asked."""
        return self._send(calls.logout(refresh_token, revoke_offline))

    def backchannel_logout(self, logout_token: str) -> str:
        """Passes on a logout token of Keycloak, and gives the id of the order to look at the user again."""
        return self._send(calls.backchannel_logout(logout_token))

    # API keys

    def mint(self, user_id: str, org_id: str, name: str) -> str:
        """Gets or makes a user's system key: the same one until it is revoked or cut off."""
        return self._send(calls.mint(user_id, org_id, name))

    def revoke_system_key(self, user_id: str, org_id: str, name: str, *, block: bool = False) -> None:
        """Ends a system key. With block nobody can mint another under its name."""
        return self._send(calls.revoke_system_key(user_id, org_id, name, block))

    def create_key(
        self,
        user_id: str,
        name: str,
        *,
        org_id: str | None = None,
        expires_at: datetime | None = None,
        not_before: datetime | None = None,
        scopes: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> m.IssuedKey:
        """Makes a user's own key. With idempotency_key the call may be repeated for 24 hours."""
        return self._send(
            calls.create_key(user_id, name, org_id, expires_at, not_before, scopes, idempotency_key)
        )

    def rotate_key(
        self,
        user_id: str,
        key_id: str,
        *,
        overlap: timedelta | None = None,
        expires_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> m.IssuedKey:
        """A new key in the place of one; both live until the overlap ends, an hour unless told otherwise."""
        return self._send(calls.rotate_key(user_id, key_id, overlap, expires_at, idempotency_key))

    def keys(
        self, user_id: str, *, system: bool = False, limit: int | None = None, cursor: str | None = None
    ) -> m.KeyPage:
        """A user's API keys, the newest first, the dead ones too."""
        return self._send(calls.keys(user_id, system, limit, cursor))

    def revoke_key(self, user_id: str, key_id: str) -> None:
        """Ends one of a user's own keys. It may be repeated."""
        return self._send(calls.revoke_key(user_id, key_id))

    def put_member(self, org_id: str, user_id: str) -> None:
        """Makes a user a member of an organization."""
        return self._send(calls.member('PUT', org_id, user_id))

    def delete_member(self, org_id: str, user_id: str) -> None:
        """Ends a membership."""
        return self._send(calls.member('DELETE', org_id, user_id))

    # Users

    def set_standing(
        self, user_id: str, enabled: bool, reason: str, *, credentials_revoked_before: datetime | None = None
    ) -> m.Applied:
        """Your own word on a user. Keycloak's enable does not undo it."""
        return self._send(calls.set_standing(user_id, enabled, reason, credentials_revoked_before))

    def revoke(
        self, user_id: str, reason: str, *, tokens: bool = False, keys: bool = False, before: datetime | None = None
    ) -> m.Applied:
        """Ends a user's tokens, keys or both, for good: those from before a time, or all."""
        return self._send(calls.revoke(user_id, tokens, keys, reason, before))

    def user_auth(self, user_id: str) -> m.UserAuth:
        """What can proceed for a user, and what to tell them."""
        return self._send(calls.user_auth(user_id))

    def linked_user(self, idp: str, idp_user_id: str) -> m.UserAuth:
        """user_auth of the user who is linked to an identity elsewhere. Keycloak is asked."""
        return self._send(calls.linked_user(idp, idp_user_id))

    def notices(self, after: str | None = None, limit: int | None = None) -> m.NoticePage:
        """What users should be told, after a place: next_after of the page before; without one the oldest that are kept."""
        return self._send(calls.notices(after, limit))

    # For operators

    def explain(
        self, id: str, *, everything: bool = False, limit: int | None = None, cursor: str | None = None
    ) -> m.Story:
        """Why a user's keys and tokens are what they are; or a session's, key's, event's, order's or refused request's.

        With everything also the messages that changed nothing are told.
        """
        return self._send(calls.explain(id, everything, limit, cursor))

    def event(self, event_id: str) -> m.EventState:
        """What has become of an event of Keycloak, or of an order. One that never came is no error."""
        return self._send(calls.event(event_id))

    def refusals(
        self,
        *,
        request_id: str | None = None,
        key_id: str | None = None,
        user_id: str | None = None,
        limit: int | None = None,
    ) -> tuple[m.Refusal, ...]:
        """The last calls that the answering replica refused, of a request, a key or a user; newest first."""
        return self._send(calls.refusals(request_id, key_id, user_id, limit))

    def status(self) -> m.Status:
        """Whether what the other calls answer may be relied on, as the answering replica sees it."""
        return self._send(calls.status())

    def users_by_email(self, email: str) -> tuple[str, ...]:
        """The ids of who has an e-mail address. Keycloak is asked; nobody keeps the address."""
        return self._send(calls.users_by_email(email))
