// Every call against a real authapi, with a real Keycloak behind it; `make test-clients` starts them.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { NoToken, Problem, TokenRevoked, Tokenstate, Unauthorized } from 'tokenstate'

const address = process.env.AUTHAPI_URL
const serviceKey = process.env.AUTHAPI_SERVICE_KEY
const skip = address ? false : 'no authapi is named: make test-clients'

function person(name) {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const out = execFileSync(`${root}.dev/bin/devstack`, ['user', name], { cwd: root, encoding: 'utf8' })
  return Object.fromEntries(out.trim().split('\n').map((line) => line.split(/=(.*)/s)))
}

// The operations of /openapi.json that were not called.
async function operations() {
  const { paths } = await (await fetch(`${address}/openapi.json`)).json()
  const left = new Map()
  for (const [path, methods] of Object.entries(paths)) {
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`)
    for (const method of Object.keys(methods)) left.set(`${method.toUpperCase()} ${path}`, pattern)
  }
  const noting = (url, init) => {
    for (const [name, pattern] of left) {
      if (name.startsWith(`${init.method} `) && pattern.test(new URL(url).pathname)) left.delete(name)
    }
    return fetch(url, init)
  }
  return { left, noting }
}

async function refused(promise, kind, reason) {
  let found
  await assert.rejects(promise, (e) => { found = e; return e instanceof kind && e.reason === reason })
  return found
}

// What is read follows Keycloak within seconds.
async function eventually(ask, so) {
  for (const deadline = Date.now() + 30_000; ; await pause(100)) {
    const answer = await ask()
    if (so(answer)) return answer
    assert.ok(Date.now() < deadline, JSON.stringify(answer))
  }
}

async function keys(api, user) {
  const ends = new Date(Math.trunc(Date.now() / 1000) * 1000 + 3600_000)
  await api.putMember('acme', user)
  const wanted = { name: 'laptop', org_id: 'acme', expires_at: ends.toISOString(), idempotency_key: `${user} laptop` }
  const made = await api.createKey(user, wanted)
  assert.equal((await api.createKey(user, wanted)).key, made.key)
  assert.ok(made.active && made.applied && new Date(made.expires_at).getTime() === ends.getTime())
  const said = await api.introspect(made.key)
  assert.deepEqual([said.active, said.sub, said.jti, said.exp], [true, user, made.id, ends.getTime() / 1000])
  const next = await api.rotateKey(user, made.id, { overlap_s: 600 })
  assert.equal(next.replaces, made.id)
  const first = await api.keys(user, { limit: 1 })
  const rest = await api.keys(user, { cursor: first.next_cursor })
  assert.deepEqual(new Set([...first.items, ...rest.items].map((k) => k.id)), new Set([made.id, next.id]))
  await api.revokeKey(user, next.id)
  assert.equal((await refused(api.me(next.key), Unauthorized, 'revoked')).key_id, next.id)
  await api.deleteMember('acme', user)
  assert.equal(await api.mint(user, 'acme', 'nightly'), await api.mint(user, 'acme', 'nightly'))
  await api.revokeSystemKey(user, 'acme', 'nightly')
}

async function tokens(api, name, { USER_ID: user, REFRESH_TOKEN: offline, API_KEY: key }) {
  await refused(api.accessToken(user), NoToken, 'no_offline_token')
  const stored = await api.storeToken(offline)
  assert.deepEqual([stored.custody, stored.verified, stored.state, stored.applied], ['sealed', true, 'usable', true])
  const own = { user_id: user, client_id: 'app2', session_id: 'kept-by-us', issued_at: Math.trunc(Date.now() / 1000) }
  assert.equal((await api.trackToken(own, { scope: 'openid' })).custody, 'tracked')
  const outcome = await api.reportRefresh(own, { status: 400, error: 'invalid_grant', error_description: 'Stale token' })
  assert.deepEqual([outcome.recorded, outcome.reason, outcome.state], [true, 'stale', 'suspended'])
  assert.equal((await api.tokens(user)).items.length, 2)
  await api.deleteToken(user, 'kept-by-us')
  assert.ok((await api.accessToken(user, { client_id: 'app', min_valid_s: 60 })).access_token)
  const me = await api.me(key, { org_id: 'acme' })
  assert.ok(me.user_id === user && me.org_id === 'acme' && me.meta.version > 0)
  const passes = await api.authorize(key)
  assert.deepEqual([passes.user_id, passes.org_id, passes.key_id], [user, 'acme', me.key.id])
  const [ofKey, ofUser, ofNobody] = await api.decide([{ api_key: key }, { user_id: user }, { api_key: 'none' }])
  assert.ok(ofKey.active && ofUser.state === 'usable' && ofNobody.active === false && ofNobody.reason === 'unknown')
  const { can, message } = await eventually(() => api.userAuth(user), (a) => a.standing.known && !a.standing.in_doubt)
  assert.deepEqual([can, message], [{ api_keys: true, refresh: true }, null])
  await refused(api.linkedUser('github', 'nobody'), Problem, 'no_such_user')
  const status = await api.status()
  assert.ok(status.sentence && status.checks.length && status.log.worker_active)
  assert.deepEqual(await api.usersByEmail(`${name}@example.org`), [user])
}

async function theEnd(api, { USER_ID: user, REFRESH_TOKEN: offline, API_KEY: key }) {
  assert.equal((await api.logout(offline)).offline, 'kept')
  const ended = await api.logout(offline, { revoke_offline: true })
  assert.deepEqual([ended.ended, ended.offline, ended.applied], [true, 'revoked', true])
  const dead = await refused(api.accessToken(user), TokenRevoked, 'session_ended')
  assert.ok(dead.event_id === ended.event_id && dead.since instanceof Date)
  assert.equal((await api.me(key)).token.state, 'revoked') // the key goes on working
  assert.ok((await api.event(ended.event_id)).applied)
  const story = await api.explain(user, { limit: 2, all: true })
  assert.ok(story.user === user && story.steps.length === 2 && story.next_cursor)
  const ofTokens = story.conclusion.find((c) => c.state === 'revoked')
  assert.deepEqual([ofTokens.reason, ofTokens.event_id], ['session_ended', ended.event_id])
  const order = await api.setStanding(user, { enabled: false, reason: 'test of a client' })
  assert.deepEqual([order.applied, order.reached.users], [true, 1])
  assert.equal((await refused(api.me(key), Unauthorized, 'user_disabled')).event_id, order.event_id)
  const told = await api.notices({ limit: 1 })
  assert.ok((await api.notices({ after: told.next_after })).next_after && told.items.every((n) => n.data.realm))
  const [last] = await api.refusals({ user_id: user, limit: 1 })
  assert.deepEqual([last.reason, last.door, last.status], ['user_disabled', 'http', 401])
  assert.ok((await api.revoke(user, { tokens: true, keys: true, reason: 'test of a client' })).applied)
  await refused(api.backchannelLogout('none'), Problem, 'invalid_logout_token')
}

test('every call', { skip }, async () => {
  const { left, noting } = await operations()
  const api = new Tokenstate(address, { serviceKey, waitMs: 5000, fetch: noting })
  const ann = person('typescript')
  assert.ok((await api.health()).service_auth_configured)
  await keys(api, ann.USER_ID)
  await tokens(api, 'typescript', ann)
  await theEnd(api, ann)
  assert.deepEqual([...left.keys()].sort(), ['HEAD /v1/authorize', 'POST /v1/authorize']) // gateways ask so, too
})

test('a key of another realm is unknown', { skip }, async () => {
  await refused(new Tokenstate(address, { realm: 'another' }).me(person('typescript-realm').API_KEY), Unauthorized, 'unknown')
})
