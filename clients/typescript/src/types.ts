// What is asked and answered, under the API's own names. Times are text of RFC 3339, but for issued_at, a token's iat
// in seconds. Ids are opaque.

import type { Meta } from './errors.js'

/** Only usable and unknown are worth a refresh. unknown: nothing is stored or tracked; of an API key: it is not known. */
export type State = 'usable' | 'suspended' | 'revoked' | 'unknown'

/** What is known of an offline token. */
export interface Verdict {
  state: State
  reason: string | null
  since: string | null
  event_id: string | null
  checked_at: string | null
  in_doubt: boolean
  retry_at?: string | null
}

/** An API key, without its secret. */
export interface Key {
  id: string
  name: string
  kind: 'system' | 'user' | 'legacy'
}

/** Whose an API key is. `token`, the user's best offline token, does not matter for the key. */
export interface Identity {
  user_id: string
  org_id: string | null
  realm: string
  key: Key
  token: Verdict
  meta: Meta
}

/** What a gateway is told of a key that may pass. */
export interface Admission {
  user_id: string
  org_id: string | null
  realm: string
  key_id: string
  key_kind: string
  token_state: string
}

/** Names one offline token by four of its claims: sub, azp, sid and iat. */
export interface TokenID {
  user_id: string
  client_id: string
  session_id: string
  issued_at: number
}

/** About an API key, or about a user's tokens: of all clients, of one, or one token of one session. */
export type Question =
  | { api_key: string }
  | { user_id: string; client_id?: string }
  | { user_id: string; client_id: string; session_id: string; issued_at?: number }

/** A token's verdict, or for an API key whether it is active and whose it is. */
export interface Decision extends Verdict {
  active?: boolean
  user_id?: string
  org_id?: string | null
  key?: Key | null
  token?: Verdict | null
}

/** RFC 7662's answer about an API key. Of one that is not active nothing else is said. */
export interface Introspection {
  active: boolean
  scope?: string | null
  token_type?: string
  sub?: string
  iat?: number
  exp?: number
  nbf?: number
  jti?: string
  org_id?: string
  key_name?: string
  key_kind?: string
}

/** An offline token as authapi knows it: sealed (authapi keeps it) or tracked (you do). */
export interface StoredToken extends TokenID {
  expires_at?: string | null
  scope?: string
  custody: 'sealed' | 'tracked'
  verified: boolean
  state: State
  applied: boolean
  version: number
}

export interface ListedToken extends Verdict {
  client_id: string
  session_id: string
  issued_at: number
  expires_at?: string | null
  scope?: string
  custody: 'sealed' | 'tracked'
  verified: boolean
}

/** One page of a list. next_cursor is null on the last one. */
export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export interface PageOptions {
  limit?: number
  cursor?: string
}

export interface AccessToken {
  access_token: string
  /** seconds */
  expires_in: number
  source: 'cache' | 'refresh'
}

/** What a refresh outcome means for its token; recorded is false if it says nothing about it. */
export interface Reported {
  recorded: boolean
  reason: string
  state: State
  applied: boolean
  version: number
}

export interface LogoutResult {
  ended: boolean
  offline: 'kept' | 'revoked' | 'none'
  event_id: string | null
  applied: boolean
  version: number
}

/** An order was given. `reached` is 0 throughout if nobody of that id is known: check it. */
export interface Applied {
  event_id: string
  applied: boolean
  version: number
  reached: { users: number; tokens: number; keys: number }
}

/** An API key as its owner sees it. */
export interface UserKey extends Key {
  user_id: string
  org_id: string | null
  prefix: string | null
  last_four: string | null
  scopes: string[]
  created_at: string | null
  expires_at: string | null
  not_before: string | null
  revoked_at: string | null
  last_used_at: string | null
  replaces: string | null
  active: boolean
  reason: string | null
}

/** A key that was made. `key` is shown this once. */
export interface IssuedKey extends UserKey {
  key: string
  applied: boolean
  version: number
}

export interface NewKey {
  name: string
  org_id?: string
  expires_at?: string
  not_before?: string
  scopes?: 'access-token'[]
  /** makes it safe to repeat the call for 24 hours; it is sent as a header */
  idempotency_key?: string
}

export interface Rotation {
  /** how long the old secret goes on working; an hour, if it is missing; 0 revokes it at once */
  overlap_s?: number
  expires_at?: string
  idempotency_key?: string
}

/** What can proceed for a user, why not all of it can, and Markdown to show them. */
export interface UserAuth {
  user_id: string
  standing: {
    active: boolean
    reason: string | null
    since: string | null
    event_id: string | null
    checked_at: string | null
    in_doubt: boolean
    known: boolean
  }
  token: Verdict
  can: { api_keys: boolean; refresh: boolean }
  reason: string | null
  message: string | null
  login_url: string | null
}

export interface Health {
  status: 'ok' | 'starting'
  service_auth_configured: boolean
}

/** Why a user's keys and tokens are what they are: the conclusion, and what led to it, newest first. */
export interface Story {
  realm: string
  user: string
  asked: { kind: 'user' | 'session' | 'key' | 'event' | 'request'; id: string }
  conclusion: Conclusion[]
  steps: Step[]
  /** messages that changed nothing and are not told */
  left_out: number
  more: boolean
  pruned: boolean
  next_cursor: string | null
}

/** Who did it, by ids: an administrator, say, of another realm. */
export interface Actor {
  user?: string
  client?: string
  realm?: string
}

/** What is true now of some keys or tokens: `ids` are the keys', or the tokens' sessions. `do` is what helps. */
export interface Conclusion {
  what: string
  ids: string[]
  state: State | 'admitted' | 'refused' | 'none'
  reason: string | null
  since: string | null
  event_id: string | null
  by: string | null
  actor: Actor | null
  in_doubt: boolean
  do: string | null
}

/** One message and what it changed. */
export interface Step {
  at: string
  received: string
  id: string
  from: string
  what: string
  actor: Actor | null
  changes: { what: string; before: string; after: string }[]
  /** how many looks without a change are told as this one */
  times: number
}

/** What has become of an event of Keycloak, or of an order. */
export interface EventState {
  event_id: string
  applied: boolean
  messages: { message_id: string; what: string; at: string; received_at: string | null }[]
  version: number
}

export interface RefusalQuestion {
  request_id?: string
  key_id?: string
  user_id?: string
  limit?: number
}

/** Whether what the other calls answer may be relied on. log is null while the database is away. */
export interface Status {
  level: 'good' | 'warn' | 'bad'
  sentence: string
  at: string
  known_until: string | null
  age_ms: number | null
  checks: StatusCheck[]
  nodes: StatusNode[]
  log?: StatusLog
}

export interface StatusCheck {
  name: string
  level: 'good' | 'warn' | 'bad'
  found: string
  means: string
}

/** A node of Keycloak; level none: it has left. */
export interface StatusNode {
  name: string
  level: 'none' | 'good' | 'warn' | 'bad'
  state: string
  heard_at: string
  queued: number
  dropped: number
}

export interface StatusLog {
  applied_seq: number
  worker: string | null
  worker_active: boolean
  parked: number
  orders_waiting: number
  verified?: { at: string; by: string; sound: boolean; found: string }
}

/** One call that was refused. Without key, user, org and realm: the secret did not match. */
export interface Refusal {
  at: string
  request_id: string | null
  door: 'http' | 'authorize' | 'extauthz'
  status: number
  reason: string
  event_id: string | null
  key_id: string | null
  user_id: string | null
  org_id: string | null
  realm: string | null
}

/** Something that a user should be told: a CloudEvent. Its id is the same however often it comes. */
export interface Notice {
  id: string
  type: string
  subject: string
  time: string
  data: NoticeData
}

/** What a notice says. What its type has no use for is left out. */
export interface NoticeData {
  realm: string
  user_id: string
  token_user_id?: string
  client_id?: string
  session_id?: string
  key_id?: string
  reason?: string
  since?: string
  event_id?: string
  expires_at?: string
  keys_pass: boolean
  last_key_use?: string
  login_url?: string
  message: string
}

/** Notices, oldest first. next_after is where to go on, also when there is nothing more yet. */
export interface NoticePage {
  items: Notice[]
  next_after: string
}
