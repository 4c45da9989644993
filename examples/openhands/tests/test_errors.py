"""What authapi refuses becomes the exception of whoever is at fault. It needs no stack."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tokenstate_openhands.client import Tokenstate
from tokenstate_openhands.errors import AuthError, BearerTokenError, OfflineTokenDeadError, TokenRefreshError, WrongOrganizationError

pytestmark = pytest.mark.anyio


async def refused(call: str, status: int, slug: str | None, reason: str = 'r') -> AuthError:
    """What the call raises when authapi, or something before it, answers so."""
    body: Any = {'type': f'urn:tokenstate:problem:{slug}', 'reason': reason, 'detail': 'd'} if slug else ['html']
    api = Tokenstate('http://authapi', 'service', transport=httpx.MockTransport(lambda _: httpx.Response(status, json=body)))
    arguments = {'set_standing': ('u', False, 'test')}.get(call, ('x',))
    with pytest.raises(AuthError) as e:
        await getattr(api, call)(*arguments)
    await api.close()
    return e.value


@pytest.mark.parametrize(
    ('call', 'status', 'slug', 'kind'),
    [
        ('me', 401, 'unauthorized', BearerTokenError),
        ('me', 403, 'wrong-organization', WrongOrganizationError),
        ('me', 403, 'wrong-realm', TokenRefreshError),
        ('me', 503, 'undecidable', TokenRefreshError),
        ('me', 401, None, TokenRefreshError),  # a proxy's 401 is no word about the key
        ('access_token', 404, 'no-offline-token', OfflineTokenDeadError),
        ('access_token', 409, 'offline-token-revoked', OfflineTokenDeadError),
        ('access_token', 409, 'offline-token-suspended', OfflineTokenDeadError),
        ('access_token', 404, 'not-found', TokenRefreshError),  # a wrong address
        ('access_token', 422, 'invalid-request', TokenRefreshError),
        ('access_token', 409, 'user-disabled', TokenRefreshError),
        ('access_token', 429, 'too-many-requests', TokenRefreshError),
        ('access_token', 404, None, TokenRefreshError),
        ('store_offline_token', 422, 'inactive-token', OfflineTokenDeadError),
        ('set_standing', 404, 'no-such-user', TokenRefreshError),
    ],
)
async def test_whose_fault(call: str, status: int, slug: str | None, kind: type[AuthError]) -> None:
    assert type(await refused(call, status, slug)) is kind


@pytest.mark.parametrize('call', ['access_token', 'verdict', 'store_offline_token', 'logout', 'set_standing'])
@pytest.mark.parametrize(
    ('status', 'slug', 'reason'),
    [(401, 'unauthorized', 'unknown'), (403, 'insufficient-scope', 'insufficient_scope'), (403, 'wrong-organization', 'wrong_organization')],
)
async def test_a_refused_service_credential_is_nobodys_key(call: str, status: int, slug: str, reason: str) -> None:
    e = await refused(call, status, slug, reason)
    assert type(e) is TokenRefreshError and e.status == 503
    assert e.reason == 'service_credential_refused' and reason in e.detail
