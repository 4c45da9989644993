export { Tokenstate } from './client.js'
export {
  Forbidden, InvalidCall, NoToken, Problem, TokenRevoked, TokenstateError, TokenSuspended, Unauthorized, Unavailable,
  UnexpectedAnswer, Unreachable, type Meta,
} from './errors.js'
export type { Options } from './send.js'
export type * from './types.js'
