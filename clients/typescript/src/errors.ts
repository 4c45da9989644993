/** Any error of this package. None holds a key or a token. */
export class TokenstateError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The call was not sent, for authapi could only refuse it. The message says what to set. */
export class InvalidCall extends TokenstateError {}

/** The answer is not what authapi answers: is the address right? */
export class UnexpectedAnswer extends TokenstateError {}

/** How fresh an answer is: of which state, and since how many milliseconds Keycloak has not been known completely. */
export interface Meta {
  version: number
  age_ms: number
}

/** What a refusal tells beside its status. */
export interface ProblemFields {
  slug: string
  reason: string
  detail: string
  since: Date | null
  event_id: string | null
  key_id: string | null
  login_url: string | null
  retry_at: Date | null
  meta: Meta
}

/** authapi refused (RFC 9457). `reason` is stable; `detail` is for people and says what to do. */
export class Problem extends TokenstateError {
  readonly status: number
  readonly slug: string
  readonly reason: string
  readonly detail: string
  readonly since: Date | null
  readonly event_id: string | null
  readonly key_id: string | null
  readonly login_url: string | null
  readonly retry_at: Date | null
  readonly meta: Meta

  constructor(status: number, fields: ProblemFields, options?: ErrorOptions) {
    super(textOf(status, fields), options)
    this.status = status
    this.slug = fields.slug
    this.reason = fields.reason
    this.detail = fields.detail
    this.since = fields.since
    this.event_id = fields.event_id
    this.key_id = fields.key_id
    this.login_url = fields.login_url
    this.retry_at = fields.retry_at
    this.meta = fields.meta
  }

  /** The same call may succeed later without anybody doing anything. */
  get temporary(): boolean {
    return this.status >= 500 || this.status === 429
  }
}

/** 401: the API key or the service credential is not valid; `reason` says why. */
export class Unauthorized extends Problem {}

/** 403: it is valid, and may not do this. */
export class Forbidden extends Problem {}

/** The user's offline token is dead: have them log in again. No API key is affected. */
export class TokenRevoked extends Problem {}

/** Keycloak would refuse the offline token now; it may work again. */
export class TokenSuspended extends Problem {}

/** No offline token of the user is stored. */
export class NoToken extends Problem {}

/** 503: nothing was decided. Try again; log nobody out, and delete no key or token. */
export class Unavailable extends Problem {}

/** No answer came. */
export class Unreachable extends Unavailable {
  constructor(options?: ErrorOptions) {
    super(503, { ...nothing, slug: 'unreachable', reason: 'unreachable', detail: 'authapi does not answer' }, options)
  }
}

const nothing: ProblemFields = {
  slug: 'unexpected-answer', reason: '', detail: '', since: null, event_id: null, key_id: null, login_url: null, retry_at: null,
  meta: { version: 0, age_ms: 0 },
}

const prefix = 'urn:tokenstate:problem:'

const bySlug: Record<string, typeof Problem> = {
  'offline-token-revoked': TokenRevoked,
  'offline-token-suspended': TokenSuspended,
  'no-offline-token': NoToken,
}
const byStatus: Record<number, typeof Problem> = { 401: Unauthorized, 403: Forbidden, 503: Unavailable }

/** Reads a refusal. Whatever stands between may answer, too; then its text is not repeated. */
export function problemOf(status: number, headers: Headers, body: unknown): Problem {
  const fields: ProblemFields = { ...nothing, meta: metaOf(headers), retry_at: retryAfter(headers) }
  const said = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const type = said['type']
  if (typeof type === 'string' && type.startsWith(prefix)) {
    fields.slug = type.slice(prefix.length)
    fields.reason = text(said['reason']) ?? ''
    fields.detail = text(said['detail']) ?? ''
    fields.since = moment(said['since'])
    fields.retry_at = moment(said['retry_at']) ?? fields.retry_at
    fields.event_id = text(said['event_id'])
    fields.key_id = text(said['key_id'])
    fields.login_url = text(said['login_url'])
  }
  const kind = (Object.hasOwn(bySlug, fields.slug) ? bySlug[fields.slug] : byStatus[status]) ?? Problem
  return new kind(status, fields)
}

export function metaOf(headers: Headers): Meta {
  const whole = (name: string) => Number(/^\d+$/.exec(headers.get(name) ?? '')?.[0] ?? 0)
  return { version: whole('Tokenstate-Version'), age_ms: whole('Tokenstate-Age-Ms') }
}

function retryAfter(headers: Headers): Date | null {
  const seconds = headers.get('Retry-After') ?? ''
  return /^\d{1,8}$/.test(seconds) ? new Date(Date.now() + Number(seconds) * 1000) : null
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function moment(value: unknown): Date | null {
  const at = new Date(typeof value === 'string' ? value : NaN)
  return Number.isNaN(at.getTime()) ? null : at
}

function textOf(status: number, p: ProblemFields): string {
  let words = `${p.slug} (${status})`
  if (p.reason && p.reason !== p.slug.replaceAll('-', '_')) words += `: ${p.reason}`
  if (p.since) words += ` since ${p.since.toISOString()}`
  return p.detail ? `${words}: ${p.detail}` : words
}
