"""What authapi, or something before it, answers becomes the exception that says what to do. It needs no server."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from tokenstate import (
    Forbidden,
    InvalidCall,
    NoToken,
    Problem,
    Question,
    TokenID,
    TokenRevoked,
    Tokenstate,
    TokenstateError,
    TokenSuspended,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)

SERVICE = 'tokst_service_canary'


def api(answer: httpx.Response | Exception, **options: Any) -> Tokenstate:
    def reply(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Tokenstate('http://authapi', SERVICE, transport=httpx.MockTransport(reply), **options)


def problem(status: int, slug: str, **members: Any) -> httpx.Response:
    body = {'type': f'urn:tokenstate:problem:{slug}', 'reason': slug.replace('-', '_'), 'detail': 'd'} | members
    return httpx.Response(status, json=body, headers={'Tokenstate-Version': '7', 'Tokenstate-Age-Ms': '1500'})


@pytest.mark.parametrize(
    ('answer', 'kind'),
    [
        (problem(401, 'unauthorized', reason='user_disabled'), Unauthorized),
        (problem(403, 'insufficient-scope'), Forbidden),
        (problem(404, 'no-offline-token'), NoToken),
        (problem(409, 'offline-token-revoked', reason='session_ended'), TokenRevoked),
        (problem(409, 'offline-token-suspended', reason='refused'), TokenSuspended),
        (problem(503, 'undecidable'), Unavailable),
        (problem(422, 'invalid-request'), Problem),
        (httpx.Response(502, text='<html>canary'), Problem),
        (httpx.Response(503, text='canary'), Unavailable),
        (httpx.Response(302, headers={'Location': '/elsewhere'}), Problem),
        (httpx.Response(401, json={'type': 7}), Unauthorized),
        (httpx.Response(404, json={'type': 'https://example.org/canary', 'reason': 'canary'}), Problem),
        (httpx.Response(200, text='<html>canary'), UnexpectedAnswer),
        (httpx.Response(200, json={'access_token': 7}), UnexpectedAnswer),
        (httpx.Response(200, json=['canary']), UnexpectedAnswer),
        (httpx.Response(200, content=b'x' * ((8 << 20) + 1)), UnexpectedAnswer),
        (httpx.Response(200, content=b'\xff{'), UnexpectedAnswer),
        (httpx.ConnectError('canary'), Unreachable),
        (httpx.ReadTimeout('canary'), Unreachable),
    ],
)
def test_each_answer_has_its_exception(answer: httpx.Response | Exception, kind: type[TokenstateError]) -> None:
    with pytest.raises(TokenstateError) as e:
        api(answer).access_token('ann')
    assert type(e.value) is kind
    assert 'canary' not in str(e.value) and 'canary' not in repr(e.value)


def test_a_problem_tells_all_it_knows() -> None:
    answer = problem(
        409, 'offline-token-revoked', reason='session_ended', since='2026-11-25T10:00:00.123456789Z', event_id='e', login_url='https://app/login', key_id='k'
    )
    with pytest.raises(TokenRevoked) as e:
        api(answer).access_token('ann')
    p = e.value
    assert (p.status, p.slug, p.reason, p.detail) == (409, 'offline-token-revoked', 'session_ended', 'd')
    assert p.since == datetime(2026, 11, 25, 10, 0, 0, 123456, timezone.utc)
    assert (p.event_id, p.key_id, p.login_url, p.temporary) == ('e', 'k', 'https://app/login', False)
    assert (p.meta.version, p.meta.age) == (7, timedelta(seconds=1.5))
    assert str(p) == 'offline-token-revoked (409): session_ended since 2026-11-25T10:00:00.123456+00:00: d'


def test_when_to_come_back() -> None:
    with pytest.raises(Unavailable) as e:
        api(httpx.Response(503, headers={'Retry-After': '30'})).access_token('ann')
    assert e.value.temporary and e.value.retry_at
    assert timedelta(seconds=25) < e.value.retry_at - datetime.now(timezone.utc) <= timedelta(seconds=30)
    assert issubclass(Unreachable, Unavailable)


@pytest.mark.parametrize(
    'call',
    [
        lambda a: a.me(''),
        lambda a: a.me('a b'),
        lambda a: a.decide([]),
        lambda a: a.decide([Question()]),
        lambda a: a.decide([Question('k', user_id='u')]),
        lambda a: a.decide([Question(user_id='u', session_id='s')]),
        lambda a: a.track_token(TokenID('u', '', 's', 1)),
        lambda a: a.report_refresh(TokenID('u', 'c', 's', 1), 0),
        lambda a: a.create_key('u', ''),
        lambda a: a.create_key('u', 'n', expires_at=datetime(2030, 1, 1)),
        lambda a: a.rotate_key('u', 'k', overlap=timedelta(days=31)),
        lambda a: a.set_standing('u', False, ''),
        lambda a: a.revoke('u', 'r'),
        lambda a: a.refusals(),
        lambda a: a.access_token('..'),
        lambda a: a.access_token(''),
        lambda a: a.access_token('u', min_valid=timedelta(days=1)),
    ],
)
def test_nothing_invalid_is_sent(call: Any) -> None:
    with pytest.raises(InvalidCall):
        call(api(AssertionError('it was sent')))


def test_what_is_sent() -> None:
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(404, json={'type': 'urn:tokenstate:problem:no-such-key'})

    with Tokenstate('http://authapi/below/', SERVICE, realm='d&d', wait=timedelta(seconds=9), transport=httpx.MockTransport(reply)) as a:
        for call in (lambda: a.revoke_system_key('a/b?c#d é', 'o', 'n', block=True), lambda: a.me('key', org_id='o')):
            with pytest.raises(Problem):
                call()
    path, _, query = seen[0].url.raw_path.decode().partition('?')
    assert path == '/below/api/service/users/a%2Fb%3Fc%23d%20%C3%A9/orgs/o/api-keys/n'
    assert query == 'block=true&wait_ms=5000' and seen[0].headers['X-Service-API-Key'] == SERVICE
    assert seen[1].url.params['realm'] == 'd&d' and seen[1].headers['Authorization'] == 'Bearer key'
    assert 'X-Service-API-Key' not in seen[1].headers


def test_secrets_are_not_shown() -> None:
    answer = httpx.Response(200, json={'access_token': 'canary', 'expires_in': 300, 'source': 'cache', 'new': 1})
    assert 'canary' not in repr(api(answer).access_token('ann'))
    assert 'canary' not in repr(Question('canary'))
    for address in ('', 'authapi', 'ftp://x', 'https://'):
        with pytest.raises(InvalidCall):
            Tokenstate(address)
    with pytest.raises(InvalidCall):
        Tokenstate('http://authapi').mint('u', 'o', 'n')
