"""Who acts in the tests: users and administrators at Keycloak, and the automation service."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

PASSWORD = 'pass-word-1'


class Keycloak:
    """The real one of the stack."""

    def __init__(self) -> None:
        self.url, self.realm = os.environ['KEYCLOAK_URL'], os.environ['KEYCLOAK_REALM']
        self.http = httpx.Client(timeout=30.0)

    def _oidc(self, endpoint: str, form: dict[str, str]) -> dict[str, Any]:
        form |= {'client_id': os.environ['KEYCLOAK_CLIENT_ID'], 'client_secret': os.environ['KEYCLOAK_CLIENT_SECRET']}
        answer = self.http.post(f'{self.url}/realms/{self.realm}/protocol/openid-connect/{endpoint}', data=form)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def login(self, name: str, scope: str = '') -> str:
        """A refresh token: an offline one with scope offline_access."""
        form = {'grant_type': 'password', 'username': name, 'password': PASSWORD, 'scope': f'openid {scope}'}
        return self._oidc('token', form)['refresh_token']

    async def refresh(self, refresh_token: str) -> tuple[int, dict[str, Any]]:
        """As a backend does that keeps its tokens: the status and the answer."""
        form = {'grant_type': 'refresh_token', 'refresh_token': refresh_token}
        form |= {'client_id': os.environ['KEYCLOAK_CLIENT_ID'], 'client_secret': os.environ['KEYCLOAK_CLIENT_SECRET']}
        answer = self.http.post(f'{self.url}/realms/{self.realm}/protocol/openid-connect/token', data=form)
        return answer.status_code, answer.json()

    def logout(self, refresh_token: str) -> None:
        self._oidc('logout', {'refresh_token': refresh_token})

    def admin(self, method: str, path: str, body: Any = None) -> httpx.Response:
        form = {'grant_type': 'password', 'client_id': 'admin-cli'}
        form |= {'username': os.environ['KEYCLOAK_ADMIN'], 'password': os.environ['KEYCLOAK_ADMIN_PASSWORD']}
        token = self.http.post(f'{self.url}/realms/master/protocol/openid-connect/token', data=form).json()['access_token']
        headers = {'Authorization': f'Bearer {token}'}
        answer = self.http.request(method, f'{self.url}/admin/realms/{self.realm}{path}', json=body, headers=headers)
        answer.raise_for_status()
        return answer

    def new_user(self) -> tuple[str, str]:
        """Its name and its id."""
        name = f'py-{uuid.uuid4().hex[:12]}'
        account = {'username': name, 'enabled': True, 'email': f'{name}@example.org', 'firstName': 'F', 'lastName': 'L'}
        account['credentials'] = [{'type': 'password', 'value': PASSWORD}]
        return name, self.admin('POST', '/users', account).headers['Location'].rsplit('/', 1)[1]

    def enable(self, user_id: str, enabled: bool) -> None:
        self.admin('PUT', f'/users/{user_id}', {'enabled': enabled})

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Its process answers nobody."""
        pid = int(os.environ['KEYCLOAK_PID'])
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@dataclass
class Automation:
    """Calls as the automation service does: it mints per run, and upon 401 or 403 once more."""

    user_id: str
    org_id: str
    key: str = ''
    mints: int = 0

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=os.environ['AUTHAPI_URL'], timeout=30.0)

    def mint(self) -> httpx.Response:
        self.mints += 1
        answer = self.http.post(
            f'/api/service/users/{self.user_id}/orgs/{self.org_id}/api-keys',
            headers={'X-Service-API-Key': os.environ['AUTHAPI_SERVICE_KEY']},
            json={'name': 'automation'},
        )
        if answer.is_success:
            self.key = answer.json()['key']
        return answer

    def revoke(self) -> None:
        path = f'/api/service/users/{self.user_id}/orgs/{self.org_id}/api-keys/automation?wait_ms=5000'
        self.http.delete(path, headers={'X-Service-API-Key': os.environ['AUTHAPI_SERVICE_KEY']}).raise_for_status()

    def me(self, key: str | None = None) -> httpx.Response:
        return self.http.get('/api/v1/users/me', headers={'Authorization': f'Bearer {key or self.key}'})

    def call(self) -> httpx.Response:
        """A call of the running container: upon 401 or 403 it gets its key again, once."""
        answer = self.me()
        if answer.status_code in (401, 403) and self.mint().is_success:
            answer = self.me()
        return answer

    def complete(self) -> tuple[int, str]:
        """What /v1/runs/{id}/complete answers, whose bearer is checked by /users/me: 401 stays 401."""
        answer = self.me()
        if answer.is_success:
            body = answer.json()
            uuid.UUID(body['id']), uuid.UUID(body['org_id'])
            return 200, ''
        return answer.status_code, answer.json()['reason']

