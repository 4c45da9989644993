"""Every call against a real authapi, with a real Keycloak behind it; `make test-clients` starts them."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from tokenstate import (
    AsyncTokenstate,
    NoToken,
    Problem,
    Question,
    TokenID,
    TokenRevoked,
    Tokenstate,
    Unauthorized,
)

URL = os.environ.get('AUTHAPI_URL', '')
SERVICE = os.environ.get('AUTHAPI_SERVICE_KEY', '')
ROOT = Path(__file__).parents[3]
LONGEST = timedelta(seconds=5)

pytestmark = pytest.mark.skipif(not URL, reason='no authapi is named: make test-clients')


@dataclass
class Person:
    name: str
    user_id: str
    refresh_token: str
    api_key: str


def person(name: str) -> Person:
    out = subprocess.run([ROOT / '.dev/bin/devstack', 'user', name], cwd=ROOT, check=True, capture_output=True, text=True)
    said = dict(line.split('=', 1) for line in out.stdout.splitlines())
    return Person(name, said['USER_ID'], said['REFRESH_TOKEN'], said['API_KEY'])


class Awaited:
    """The sync client with awaitable calls, so that one story is played with both."""

    def __init__(self, api: Tokenstate) -> None:
        self._api = api

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **named: Any) -> Any:
            return getattr(self._api, name)(*args, **named)

        return call


class Calls:
    """Which operations of /openapi.json were called."""

    def __init__(self) -> None:
        paths = httpx.get(f'{URL}/openapi.json').json()['paths']
        self.left = {
            (method.upper(), path, re.compile(re.sub(r'\\\{\w+\\\}', '[^/]+', re.escape(path))))
            for path, methods in paths.items()
            for method in methods
        }

    def note(self, request: httpx.Request) -> None:
        self.left = {
            op for op in self.left if op[0] != request.method or not op[2].fullmatch(request.url.raw_path.decode().split('?')[0])
        }


async def eventually(ask: Callable[[], Awaitable[Any]], so: Callable[[Any], bool]) -> Any:
    """What is read follows Keycloak within seconds."""
    deadline = time.monotonic() + 30
    while not so(answer := await ask()):
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.1)
    return answer


async def everything(api: Any, ann: Person) -> None:
    user = ann.user_id
    assert (await api.health()).service_auth_configured
    await keys(api, ann)
    with pytest.raises(NoToken):
        await api.access_token(user)
    stored = await api.store_token(ann.refresh_token)
    assert stored.custody == 'sealed' and stored.verified and stored.state == 'usable' and stored.applied
    own = TokenID(user, 'app2', 'kept-by-us', int(time.time()))
    assert (await api.track_token(own, scope='openid')).custody == 'tracked'
    outcome = await api.report_refresh(own, 400, error='invalid_grant', error_description='Stale token')
    assert outcome.recorded and outcome.reason == 'stale' and outcome.state == 'suspended'
    assert {t.session_id for t in (await api.tokens(user)).items} == {stored.session_id, 'kept-by-us'}
    await api.delete_token(user, 'kept-by-us')
    assert (await api.access_token(user, client_id='app')).access_token
    me = await api.me(ann.api_key, org_id='acme')
    assert me.user_id == user and me.org_id == 'acme' and me.key.kind == 'system' and me.meta.version > 0
    passes = await api.authorize(ann.api_key)
    assert (passes.user_id, passes.org_id, passes.key_id) == (user, 'acme', me.key.id)
    of_key, of_user, of_nobody = await api.decide([Question(ann.api_key), Question(user_id=user), Question('none')])
    assert of_key.active and of_key.key == me.key and of_user.state == 'usable' and of_nobody.reason == 'unknown'
    assert of_nobody.active is False
    can = await eventually(lambda: api.user_auth(user), lambda a: a.standing.known and not a.standing.in_doubt)
    assert can.can.api_keys and can.can.refresh and can.message is None
    status = await api.status()
    assert status.sentence and status.checks and status.log and status.log.worker_active and status.log.verified is None
    assert await api.users_by_email(f'{ann.name}@example.org') == (user,)
    with pytest.raises(Problem, match='no-such-user'):
        await api.linked_user('github', 'nobody')
    await the_end(api, ann)


async def keys(api: Any, ann: Person) -> None:
    user, ends = ann.user_id, datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)
    await api.put_member('acme', user)
    once = f'{user} laptop'
    made = await api.create_key(user, 'laptop', org_id='acme', expires_at=ends, idempotency_key=once)
    again = await api.create_key(user, 'laptop', org_id='acme', expires_at=ends, idempotency_key=once)
    assert made.key == again.key and made.active and made.expires_at == ends and made.applied
    said = await api.introspect(made.key)
    assert said.active and said.user_id == user and said.key_id == made.id and said.expires_at == ends.timestamp()
    new = await api.rotate_key(user, made.id, overlap=timedelta(minutes=10))
    assert new.replaces == made.id and new.key != made.key
    first = await api.keys(user, limit=1)
    rest = await api.keys(user, cursor=first.next_cursor)
    assert {k.id for k in first.items + rest.items} == {made.id, new.id}
    await api.revoke_key(user, new.id)
    with pytest.raises(Unauthorized) as e:
        await api.me(new.key)
    assert e.value.reason == 'revoked' and e.value.key_id == new.id
    await api.delete_member('acme', user)
    key = await api.mint(user, 'acme', 'nightly')
    assert key == await api.mint(user, 'acme', 'nightly')
    await api.revoke_system_key(user, 'acme', 'nightly')


async def the_end(api: Any, ann: Person) -> None:
    user = ann.user_id
    kept = await api.logout(ann.refresh_token)
    assert not kept.ended and kept.offline == 'kept'
    ended = await api.logout(ann.refresh_token, revoke_offline=True)
    assert ended.ended and ended.offline == 'revoked' and ended.applied
    with pytest.raises(TokenRevoked) as dead:
        await api.access_token(user)
    assert dead.value.reason == 'session_ended' and dead.value.event_id == ended.event_id and dead.value.since
    assert (await api.me(ann.api_key)).token.state == 'revoked'  # the key goes on working
    event = await api.event(ended.event_id)
    assert event.applied and event.messages
    story = await api.explain(user, limit=2, everything=True)
    assert story.user == user and len(story.steps) == 2 and story.next_cursor
    tokens = next(c for c in story.conclusion if c.state == 'revoked')
    assert tokens.reason == 'session_ended' and tokens.event_id == ended.event_id and tokens.do
    order = await api.set_standing(user, False, 'test of a client')
    assert order.applied and order.reached.users == 1
    with pytest.raises(Unauthorized) as e:
        await api.me(ann.api_key)
    assert e.value.reason == 'user_disabled' and e.value.event_id == order.event_id
    told = await api.notices(limit=1)
    assert (await api.notices(told.next_after)).next_after and all(n.data.realm for n in told.items)
    refused = await api.refusals(user_id=user, limit=1)
    assert refused[0].reason == 'user_disabled' and refused[0].door == 'http' and refused[0].status == 401
    assert (await api.revoke(user, 'test of a client', tokens=True, keys=True)).applied
    with pytest.raises(Problem, match='invalid-logout-token'):
        await api.backchannel_logout('none')


NOT_OF_CLIENTS = {('HEAD', '/v1/authorize'), ('POST', '/v1/authorize')}


def test_every_call_without_asyncio() -> None:
    called = Calls()
    with Tokenstate(URL, SERVICE, wait=LONGEST) as api:
        api._http.event_hooks = {'request': [called.note]}
        asyncio.run(everything(Awaited(api), person('python-sync')))
    assert {op[:2] for op in called.left} == NOT_OF_CLIENTS


def test_every_call_with_asyncio() -> None:
    called = Calls()

    async def play() -> None:
        async def note(request: httpx.Request) -> None:
            called.note(request)

        async with AsyncTokenstate(URL, SERVICE, wait=LONGEST) as api:
            api._http.event_hooks = {'request': [note]}
            await everything(api, person('python-async'))

    asyncio.run(play())
    assert {op[:2] for op in called.left} == NOT_OF_CLIENTS



def test_each_call_says_what_it_does() -> None:
    calls = inspect.getmembers(AsyncTokenstate, inspect.iscoroutinefunction)
    names = {name for name, _ in calls if not name.startswith('_')}
    assert len(names) > 25
    for name in names - {'aclose'}:
        assert inspect.getdoc(getattr(AsyncTokenstate, name)), name


def test_a_key_of_another_realm_is_unknown() -> None:
    ann = person('python-realm')
    with Tokenstate(URL, realm='another') as api, pytest.raises(Unauthorized) as e:
        api.me(ann.api_key)
    assert e.value.reason == 'unknown'
