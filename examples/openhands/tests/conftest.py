"""A user who has logged in, and authapi as the backend asks it."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from people import Automation, Keycloak

from tokenstate_openhands.client import Tokenstate


@pytest.fixture
def anyio_backend() -> str:
    return 'asyncio'


@pytest.fixture(scope='session')
def keycloak() -> Keycloak:
    return Keycloak()


@pytest.fixture
async def api() -> AsyncIterator[Tokenstate]:
    client = Tokenstate(os.environ['AUTHAPI_URL'], os.environ['AUTHAPI_SERVICE_KEY'])
    yield client
    await client.close()


@dataclass
class Person:
    name: str
    user_id: str
    automation: Automation
    offline: str = ''


@pytest.fixture
def saml_user(keycloak: Keycloak) -> Person:
    """Somebody without an offline token, whose automation has a key."""
    name, user_id = keycloak.new_user()
    person = Person(name, user_id, Automation(user_id, str(uuid.uuid4())))
    person.automation.mint().raise_for_status()
    return person


@pytest.fixture
async def user(saml_user: Person, keycloak: Keycloak, api: Tokenstate) -> Person:
    """Somebody whose offline token the backend has stored."""
    saml_user.offline = keycloak.login(saml_user.name, 'offline_access')
    assert (await api.store_offline_token(saml_user.offline)).custody == 'sealed'
    return saml_user
