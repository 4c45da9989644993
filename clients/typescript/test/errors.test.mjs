// What authapi, or something before it, answers becomes the error that says what to do. It needs no server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Forbidden, InvalidCall, NoToken, Problem, TokenRevoked, Tokenstate, TokenSuspended, Unauthorized, Unavailable, UnexpectedAnswer, Unreachable,
} from 'tokenstate'

const serviceKey = 'tokst_service_canary'

function answering(answer, options = {}) {
  return new Tokenstate('http://authapi', { serviceKey, fetch: async () => { if (answer instanceof Error) throw answer; return answer }, ...options })
}

function problem(status, slug, members = {}) {
  const body = { type: `urn:tokenstate:problem:${slug}`, reason: slug.replaceAll('-', '_'), detail: 'd', ...members }
  return Response.json(body, { status, headers: { 'Tokenstate-Version': '7', 'Tokenstate-Age-Ms': '1500' } })
}

const cases = [
  ['401', () => problem(401, 'unauthorized', { reason: 'user_disabled' }), Unauthorized],
  ['403', () => problem(403, 'insufficient-scope'), Forbidden],
  ['no token', () => problem(404, 'no-offline-token'), NoToken],
  ['revoked', () => problem(409, 'offline-token-revoked', { reason: 'session_ended' }), TokenRevoked],
  ['suspended', () => problem(409, 'offline-token-suspended', { reason: 'refused' }), TokenSuspended],
  ['503', () => problem(503, 'undecidable'), Unavailable],
  ['422', () => problem(422, 'invalid-request'), Problem],
  ['a slug of a prototype', () => problem(422, 'constructor'), Problem],
  ["a proxy's 502", () => new Response('<html>canary', { status: 502 }), Problem],
  ["a proxy's 503", () => new Response('canary', { status: 503 }), Unavailable],
  ['a redirect', () => new Response(null, { status: 302, headers: { Location: '/canary' } }), Problem],
  ["another's problem", () => Response.json({ type: 'https://example.org/canary', reason: 'canary' }, { status: 404 }), Problem],
  ['a member of a type', () => Response.json({ type: 7 }, { status: 401 }), Unauthorized],
  ['a login page', () => new Response('<html>canary'), UnexpectedAnswer],
  ['another object', () => Response.json({ canary: 1 }), UnexpectedAnswer],
  ['a list', () => Response.json(['canary']), UnexpectedAnswer],
  ['no connection', () => new TypeError('canary'), Unreachable],
  ['too large', () => new Response('x'.repeat((8 << 20) + 1)), UnexpectedAnswer],
]

for (const [name, answer, kind] of cases) {
  test(`${name} is a ${kind.name}`, async () => {
    await assert.rejects(answering(answer()).accessToken('ann'), (e) => {
      assert.equal(e.constructor, kind)
      assert.equal(e.name, kind.name)
      assert.doesNotMatch(String(e), /canary/)
      return true
    })
  })
}

test('a problem tells all it knows', async () => {
  const said = { reason: 'session_ended', since: '2026-11-25T10:00:00.123456789Z', event_id: 'e', key_id: 'k', login_url: 'https://app/login' }
  await assert.rejects(answering(problem(409, 'offline-token-revoked', said)).accessToken('ann'), (p) => {
    assert.deepEqual([p.status, p.slug, p.reason, p.detail], [409, 'offline-token-revoked', 'session_ended', 'd'])
    assert.equal(p.since.toISOString(), '2026-11-25T10:00:00.123Z')
    assert.deepEqual([p.event_id, p.key_id, p.login_url, p.retry_at, p.temporary], ['e', 'k', 'https://app/login', null, false])
    assert.deepEqual(p.meta, { version: 7, age_ms: 1500 })
    assert.equal(p.message, 'offline-token-revoked (409): session_ended since 2026-11-25T10:00:00.123Z: d')
    return true
  })
})

test('when to come back', async () => {
  const answer = new Response('', { status: 503, headers: { 'Retry-After': '30' } })
  await assert.rejects(answering(answer).accessToken('ann'), (p) => {
    const seconds = (p.retry_at - Date.now()) / 1000
    assert.ok(p.temporary && seconds > 25 && seconds <= 30)
    return true
  })
  assert.ok(new Unreachable() instanceof Unavailable)
})

const invalid = {
  'an empty key': (a) => a.me(''),
  'a key with a blank': (a) => a.me('a b'),
  'no question': (a) => a.decide([]),
  'a key and a user': (a) => a.decide([{ api_key: 'k', user_id: 'u' }]),
  'half a token': (a) => a.trackToken({ user_id: 'u', client_id: '', session_id: 's', issued_at: 1 }),
  'no status': (a) => a.reportRefresh({ user_id: 'u', client_id: 'c', session_id: 's', issued_at: 1 }, { status: 0 }),
  'no name': (a) => a.createKey('u', { name: '' }),
  'too long an overlap': (a) => a.rotateKey('u', 'k', { overlap_s: 1e9 }),
  'no reason': (a) => a.setStanding('u', { enabled: false, reason: '' }),
  'nothing to revoke': (a) => a.revoke('u', { reason: 'r' }),
  'refusals of anybody': (a) => a.refusals({}),
  'a path of dots': (a) => a.accessToken('..'),
  'an empty id': (a) => a.accessToken(''),
}

for (const [name, call] of Object.entries(invalid)) {
  test(`${name} is not sent`, async () => {
    const api = answering(new Error('it was sent'))
    await assert.rejects(async () => call(api), InvalidCall)
  })
}

test('what is sent', async () => {
  const seen = []
  const fetch = async (url, init) => { seen.push([url, init]); return Response.json({ type: 'urn:tokenstate:problem:no-such-key' }, { status: 404 }) }
  const api = new Tokenstate('http://authapi/below/', { serviceKey, realm: 'd&d', waitMs: 9000, fetch })
  await assert.rejects(api.revokeSystemKey('a/b?c#d é', 'o', 'n', { block: true }), Problem)
  await assert.rejects(api.me('key', { org_id: 'o' }), Problem)
  assert.equal(seen[0][0], 'http://authapi/below/api/service/users/a%2Fb%3Fc%23d%20%C3%A9/orgs/o/api-keys/n?block=true&wait_ms=5000')
  assert.equal(seen[0][1].headers.get('X-Service-API-Key'), serviceKey)
  assert.equal(seen[0][1].redirect, 'manual')
  assert.equal(seen[1][0], 'http://authapi/below/api/v1/users/me?realm=d%26d')
  assert.deepEqual(['Authorization', 'X-Org-Id', 'X-Service-API-Key'].map((name) => seen[1][1].headers.get(name)), ['Bearer key', 'o', null])
})

test('an address that is none', async () => {
  for (const address of ['', 'authapi', 'ftp://x', 'https://']) assert.throws(() => new Tokenstate(address), InvalidCall)
  await assert.rejects(new Tokenstate('http://authapi').mint('u', 'o', 'n'), InvalidCall)
})
