import { InvalidCall, problemOf, UnexpectedAnswer, Unreachable } from './errors.js'

/** Options of a client. */
export interface Options {
  /** a service credential (`authapi service-keys add`), without which only health, me, authorize and backchannelLogout can be used */
  serviceKey?: string
  /** takes API keys of that realm only */
  realm?: string
  /** makes each call that writes wait so long, at most 5,000, until the answering replica enforces it */
  waitMs?: number
  /** for one call, 10,000 if it is missing */
  timeoutMs?: number
  /** instead of the global one */
  fetch?: typeof fetch
}

/** One call of the API. */
export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  query?: Record<string, string | undefined>
  json?: unknown
  form?: Record<string, string>
  headers?: Record<string, string>
  /** what the call needs: a credential, a key of the client's realm, or neither */
  by: 'service' | 'key' | 'nobody'
  writes?: boolean
}

/** What came of a call that succeeded. */
export interface Answer {
  headers: Headers
  body: unknown
}

const maxAnswer = 8 << 20

/** Sends calls to one authapi. Redirects are not followed: a credential goes to no other address than was configured. */
export class Sender {
  readonly #base: string
  readonly #options: Options

  constructor(address: string, options: Options) {
    if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
      throw new InvalidCall('the address of authapi is an http or https URL, such as https://authapi.example')
    }
    this.#base = address.replace(/\/+$/, '')
    this.#options = options
  }

  async send(call: Call): Promise<Answer> {
    const { url, init } = this.#request(call)
    let answer: Response
    let raw: string
    try {
      answer = await (this.#options.fetch ?? fetch)(url, init)
      raw = await bounded(answer)
    } catch (cause) {
      if (cause instanceof UnexpectedAnswer) throw cause
      throw new Unreachable({ cause })
    }
    const body = parsed(raw)
    if (!answer.ok) throw problemOf(answer.status, answer.headers, body)
    return { headers: answer.headers, body }
  }

  #request(call: Call): { url: string; init: RequestInit } {
    const query = new URLSearchParams()
    const { serviceKey, realm, waitMs = 0, timeoutMs = 10_000 } = this.#options
    for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) query.set(name, value)
    if (call.writes && waitMs > 0) query.set('wait_ms', String(Math.min(Math.trunc(waitMs), 5000)))
    if (call.by === 'key' && realm !== undefined) query.set('realm', realm)
    const headers = new Headers(call.headers)
    if (call.by === 'service') {
      if (!serviceKey) throw new InvalidCall('this call needs a service credential: give serviceKey to the client')
      headers.set('X-Service-API-Key', serviceKey)
    }
    const init: RequestInit = { method: call.method, headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) }
    if (call.form) init.body = new URLSearchParams(call.form)
    if (call.json !== undefined) {
      headers.set('Content-Type', 'application/json')
      init.body = JSON.stringify(call.json)
    }
    const search = query.toString()
    return { url: this.#base + call.path + (search && `?${search}`), init }
  }
}

async function bounded(answer: Response): Promise<string> {
  const parts: string[] = []
  const decoder = new TextDecoder()
  const reader = answer.body?.getReader()
  let size = 0
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.length
    if (size > maxAnswer) {
      await reader?.cancel()
      throw new UnexpectedAnswer('the answer is larger than any of authapi')
    }
    parts.push(decoder.decode(part.value, { stream: true }))
  }
  return parts.join('') + decoder.decode()
}

/** The JSON of an answer; undefined if it is none. */
function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}

export function need(so: boolean, detail: string): asserts so {
  if (!so) throw new InvalidCall(detail)
}

/** Escapes each part, so that an id cannot lead to another call. */
export function path(...parts: string[]): string {
  for (const part of parts) need(!['', '.', '..'].includes(part), 'an id is empty or cannot be part of a path')
  return parts.map((part) => '/' + encodeURIComponent(part)).join('')
}
