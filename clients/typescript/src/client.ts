import { metaOf, UnexpectedAnswer } from './errors.js'
import { need, path, Sender, type Answer, type Call, type Options } from './send.js'
import type * as t from './types.js'

/** One authapi. Every object that is given or taken has the API's own member names. */
export class Tokenstate {
  readonly #sender: Sender

  constructor(address: string, options: Options = {}) {
    this.#sender = new Sender(address, options)
  }

  /** Whether authapi knows enough to answer, and whether a service credential exists. */
  health(): Promise<t.Health> {
    return this.#ask({ method: 'GET', path: '/api/service/health', by: 'nobody' }, 'status')
  }

  // Decisions

  /** Whose an API key is. A key is valid although its user's offline token is dead: that is what a logout is. */
  async me(apiKey: string, options: { org_id?: string } = {}): Promise<t.Identity> {
    const headers = bearer(apiKey)
    if (options.org_id !== undefined) headers['X-Org-Id'] = options.org_id
    const answer = await this.#sender.send({ method: 'GET', path: '/api/v1/users/me', headers, by: 'key' })
    return { ...read<t.Identity>(answer, 'user_id'), meta: metaOf(answer.headers) }
  }

  /** What a gateway is told of a key. */
  async authorize(apiKey: string): Promise<t.Admission> {
    const { headers } = await this.#sender.send({ method: 'GET', path: '/v1/authorize', headers: bearer(apiKey), by: 'key' })
    const said = (name: string) => decodeURIComponent(headers.get(name) ?? '')
    return {
      user_id: said('X-Auth-User-Id'), org_id: said('X-Auth-Org-Id') || null, realm: said('X-Auth-Realm'),
      key_id: said('X-Auth-Key-Id'), key_kind: said('X-Auth-Key-Kind'), token_state: said('X-Offline-Token-State'),
    }
  }

  /** One answer for each question, in order; at most 1,000. With observe it is no use of a key. */
  async decide(questions: t.Question[], options: { observe?: boolean } = {}): Promise<t.Decision[]> {
    need(questions.length > 0 && questions.length <= 1000, 'ask 1 to 1,000 questions at once')
    for (const q of questions) need('api_key' in q !== 'user_id' in q, 'a question has its api_key alone, or a user_id')
    const json = { items: questions, ...(options.observe ? { observe: true } : {}) }
    const { items } = await this.#ask<{ items: t.Decision[] }>({ method: 'POST', path: '/v1/decide', json, by: 'service' }, 'items')
    if (items.length !== questions.length) throw new UnexpectedAnswer('authapi gave another number of answers than there were questions')
    return items
  }

  /** Asks about an API key as OAuth asks about a token (RFC 7662). */
  introspect(apiKey: string): Promise<t.Introspection> {
    return this.#ask({ method: 'POST', path: '/oauth2/introspect', form: { token: apiKey }, by: 'service' }, 'active')
  }

  // Offline tokens

  /** Gives an offline token into authapi's custody. accept_narrower gives up one of the session with more scopes. */
  storeToken(refreshToken: string, options: { accept_narrower?: boolean } = {}): Promise<t.StoredToken> {
    need(refreshToken !== '', 'storeToken needs an offline token')
    return this.#put({ refresh_token: refreshToken, ...options })
  }

  /** Tells authapi of an offline token that you keep, with its exp, scope and iss where they are known. */
  trackToken(token: t.TokenID, known: { expires_at?: string; scope?: string; issuer?: string } = {}): Promise<t.StoredToken> {
    return this.#put({ ...named(token), ...known })
  }

  #put(json: unknown): Promise<t.StoredToken> {
    return this.#ask({ method: 'PUT', path: '/v1/offline-tokens', json, by: 'service', writes: true }, 'session_id')
  }

  /** What is known of a user's offline tokens, never the tokens. */
  tokens(userId: string, page: t.PageOptions = {}): Promise<t.Page<t.ListedToken>> {
    return this.#ask({ method: 'GET', path: path('v1', 'users', userId, 'offline-tokens'), query: queryOf(page), by: 'service' }, 'items')
  }

  /** Forgets the tokens of a session. Keycloak is not told. */
  async deleteToken(userId: string, sessionId: string): Promise<void> {
    await this.#end(path('v1', 'users', userId, 'offline-tokens', sessionId))
  }

  /**
   * An access token of a user's sealed offline token. Of a dead one Keycloak is not asked: TokenRevoked says why. With
   * audience it is exchanged for one that is meant for that client of the realm alone.
   */
  accessToken(userId: string, wanted: { client_id?: string; min_valid_s?: number; audience?: string } = {}): Promise<t.AccessToken> {
    return this.#ask({ method: 'POST', path: path('v1', 'users', userId, 'access-token'), json: wanted, by: 'service' }, 'access_token')
  }

  /** What Keycloak answered when you refreshed a token yourself; status 200: it was refreshed. */
  reportRefresh(token: t.TokenID, outcome: { status: number; error?: string; error_description?: string }): Promise<t.Reported> {
    need(outcome.status >= 100 && outcome.status <= 599, "status is that of the answer of Keycloak's token endpoint")
    const { status, error = '', error_description = '' } = outcome
    const json = { ...named(token), status, error: error.slice(0, 255), error_description: error_description.slice(0, 1000) }
    return this.#ask({ method: 'POST', path: '/v1/refresh-outcomes', json, by: 'service', writes: true }, 'recorded')
  }

  // Logout

  /** Ends the session of a refresh token. The offline token, and every automation, lives on unless asked. */
  logout(refreshToken: string, options: { revoke_offline?: boolean } = {}): Promise<t.LogoutResult> {
    need(refreshToken !== '', 'logout needs the refresh token of the session that ends')
    const json = { refresh_token: refreshToken, ...options }
    return this.#ask({ method: 'POST', path: '/v1/logout', json, by: 'service', writes: true }, 'ended')
  }

  /** Passes on a logout token of Keycloak, and gives the id of the order to look at the user again. */
  async backchannelLogout(logoutToken: string): Promise<string> {
    const call: Call = { method: 'POST', path: '/v1/backchannel-logout', form: { logout_token: logoutToken }, by: 'nobody' }
    return (await this.#ask<{ event_id: string }>(call, 'event_id')).event_id
  }

  // API keys

  /** Gets or makes a user's system key: the same one until it is revoked or cut off. */
  async mint(userId: string, orgId: string, name: string): Promise<string> {
    const call: Call = { method: 'POST', path: systemKeys(userId, orgId), json: { name }, by: 'service', writes: true }
    return (await this.#ask<{ key: string }>(call, 'key')).key
  }

  /** Ends a system key. With block nobody can mint another under its name. */
  async revokeSystemKey(userId: string, orgId: string, name: string, options: { block?: boolean } = {}): Promise<void> {
    await this.#end(systemKeys(userId, orgId, name), options.block ? { block: 'true' } : {})
  }

  /** Makes a user's own key. */
  createKey(userId: string, key: t.NewKey): Promise<t.IssuedKey> {
    need(key.name.length > 0 && key.name.length <= 100, 'a key has a name of at most 100 characters')
    return this.#issue(path('v1', 'users', userId, 'api-keys'), key)
  }

  /** A new key in the place of one; both live until the overlap ends. */
  rotateKey(userId: string, keyId: string, rotation: t.Rotation = {}): Promise<t.IssuedKey> {
    const overlap = rotation.overlap_s ?? 0
    need(overlap >= 0 && overlap <= 30 * 24 * 3600, 'overlap_s is 0 to 30 days')
    return this.#issue(path('v1', 'users', userId, 'api-keys', keyId, 'rotate'), rotation)
  }

  #issue(at: string, wanted: { idempotency_key?: string }): Promise<t.IssuedKey> {
    const { idempotency_key, ...json } = wanted
    const headers = idempotency_key === undefined ? {} : { 'Idempotency-Key': idempotency_key }
    return this.#ask({ method: 'POST', path: at, json, headers, by: 'service', writes: true }, 'key')
  }

  /** A user's API keys, the newest first, the dead ones too. */
  keys(userId: string, options: t.PageOptions & { system?: boolean } = {}): Promise<t.Page<t.UserKey>> {
    const query = { ...queryOf(options), system: options.system ? 'true' : undefined }
    return this.#ask({ method: 'GET', path: path('v1', 'users', userId, 'api-keys'), query, by: 'service' }, 'items')
  }

  /** Ends one of a user's own keys. It may be repeated. */
  async revokeKey(userId: string, keyId: string): Promise<void> {
    await this.#end(path('v1', 'users', userId, 'api-keys', keyId))
  }

  /** Makes a user a member of an organization. */
  async putMember(orgId: string, userId: string): Promise<void> {
    await this.#ask({ method: 'PUT', path: path('v1', 'orgs', orgId, 'members', userId), by: 'service', writes: true }, 'member')
  }

  /** Ends a membership. */
  async deleteMember(orgId: string, userId: string): Promise<void> {
    await this.#end(path('v1', 'orgs', orgId, 'members', userId))
  }

  // Users

  /** Your own word on a user. Keycloak's enable does not undo it. */
  setStanding(userId: string, standing: { enabled: boolean; reason: string; credentials_revoked_before?: string }): Promise<t.Applied> {
    return this.#order(path('v1', 'users', userId, 'standing'), standing)
  }

  /** Ends a user's tokens, keys or both, for good: those from before a time, or all. */
  revoke(userId: string, what: { tokens?: boolean; keys?: boolean; before?: string; reason: string }): Promise<t.Applied> {
    need(Boolean(what.tokens || what.keys), 'revoke ends tokens, keys or both')
    return this.#order(path('v1', 'users', userId, 'revoke'), what)
  }

  #order(at: string, json: { reason: string }): Promise<t.Applied> {
    need(json.reason !== '' && json.reason.length <= 255, "say a reason, of at most 255 characters: it stands in the user's story for good")
    return this.#ask({ method: 'POST', path: at, json, by: 'service', writes: true }, 'event_id')
  }

  /** What can proceed for a user, and what to tell them. */
  userAuth(userId: string): Promise<t.UserAuth> {
    return this.#ask({ method: 'GET', path: path('v1', 'users', userId, 'auth'), by: 'service' }, 'can')
  }

  /** userAuth of the user who is linked to an identity elsewhere. Keycloak is asked. */
  linkedUser(idp: string, idpUserId: string): Promise<t.UserAuth> {
    need(idp !== '' && idpUserId !== '', 'linkedUser needs the alias of the identity provider and the id there')
    return this.#ask({ method: 'GET', path: '/v1/users', query: { idp, idp_user_id: idpUserId }, by: 'service' }, 'can')
  }

  /** What users should be told, after a place: next_after of the page before; without one the oldest that are kept. */
  notices(options: { after?: string; limit?: number } = {}): Promise<t.NoticePage> {
    const { after, limit } = options
    const query = { after, ...queryOf(limit === undefined ? {} : { limit }) }
    return this.#ask({ method: 'GET', path: '/v1/notices', query, by: 'service' }, 'next_after')
  }

  // For operators

  /**
   * Why a user's keys and tokens are what they are; or a session's, key's, event's, order's or refused request's. With
   * all also the messages that changed nothing are told.
   */
  explain(id: string, options: t.PageOptions & { all?: boolean } = {}): Promise<t.Story> {
    need(id !== '', 'explain needs the id of a user, session, key, event, order or refused request')
    const query = { user_id: id, ...queryOf(options), all: options.all ? 'true' : undefined }
    return this.#ask({ method: 'GET', path: '/v1/explain', query, by: 'service' }, 'steps')
  }

  /** What has become of an event of Keycloak, or of an order. One that never came is no error. */
  event(eventId: string): Promise<t.EventState> {
    return this.#ask({ method: 'GET', path: path('v1', 'events', eventId), by: 'service' }, 'applied')
  }

  /** The last calls that the answering replica refused, of a request, a key or a user; newest first. */
  async refusals(of: t.RefusalQuestion): Promise<t.Refusal[]> {
    const { request_id, key_id, user_id, limit } = of
    need(Boolean(request_id || key_id || user_id), 'refusals are of a request_id, a key_id or a user_id')
    const query = { request_id, key_id, user_id, ...queryOf(limit === undefined ? {} : { limit }) }
    return (await this.#ask<{ items: t.Refusal[] }>({ method: 'GET', path: '/v1/refusals', query, by: 'service' }, 'items')).items
  }

  /** Whether what the other calls answer may be relied on, as the answering replica sees it. */
  status(): Promise<t.Status> {
    return this.#ask({ method: 'GET', path: '/v1/status', by: 'service' }, 'sentence')
  }

  /** The ids of who has an e-mail address. Keycloak is asked; nobody keeps the address. */
  async usersByEmail(email: string): Promise<string[]> {
    need(email.includes('@'), 'usersByEmail needs an e-mail address')
    const call = { method: 'POST', path: '/v1/users/by-email', json: { email }, by: 'service' } as const
    return (await this.#ask<{ user_ids: string[] }>(call, 'user_ids')).user_ids
  }

  async #end(at: string, query: Record<string, string> = {}): Promise<void> {
    await this.#sender.send({ method: 'DELETE', path: at, query, by: 'service', writes: true })
  }

  async #ask<T>(call: Call, member: string): Promise<T> {
    return read<T>(await this.#sender.send(call), member)
  }
}

/** Takes an answer for what it should be if it has a member that each such answer has. */
function read<T>(answer: Answer, member: string): T {
  const { body } = answer
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, member)) {
    throw new UnexpectedAnswer(`the answer has no ${member}, as authapi's has: is the address right?`)
  }
  return body as T
}

function bearer(apiKey: string): Record<string, string> {
  need(/^[!-~]{1,256}$/.test(apiKey), 'an API key is 1 to 256 printable ASCII characters')
  return { Authorization: `Bearer ${apiKey}` }
}

function named({ user_id, client_id, session_id, issued_at }: t.TokenID): t.TokenID {
  need(
    [user_id, client_id, session_id].every(Boolean) && issued_at > 0,
    'a TokenID needs user_id (sub), client_id (azp), session_id (sid) and issued_at (iat) of the offline token',
  )
  return { user_id, client_id, session_id, issued_at }
}

function queryOf({ limit, cursor }: t.PageOptions): Record<string, string | undefined> {
  return { limit: limit === undefined ? undefined : String(limit), cursor }
}

function systemKeys(userId: string, orgId: string, ...name: string[]): string {
  return path('api', 'service', 'users', userId, 'orgs', orgId, 'api-keys', ...name)
}
