import { withVerifierErrors } from '../verifier-error.ts'
import type { Operation } from './graphql.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { unsignedClient } from './unsigned-client.ts'

/** Facts about a key server. */
export interface KeyServerFacts {
  readonly version: string
  /** The origins that requests are signed for: at another address none of its users is let in. */
  readonly origins: readonly string[]
  /** Its clock. */
  readonly time: Date
}

/**
 * Reads the version, the origins and the clock of a key server. Unsigned.
 *
 * @throws {VerifierError} URL_INVALID, NETWORK, TIMEOUT, ANSWER_MALFORMED.
 */
export function readKeyServer(
  options: { readonly url: string } & ConnectionOptions,
): Promise<KeyServerFacts> {
  return withVerifierErrors(() => unsignedClient(options).run(facts))
}

/** Reads the clock of a key server, of any version. Unsigned. */
export function readKeyServerTime(options: { readonly url: string } & ConnectionOptions): Promise<Date> {
  return unsignedClient(options).run(time)
}

const facts: Operation<KeyServerFacts> = {
  kind: 'query',
  document: 'query KeyServer { keyServer { version origins time } }',
  parse: (data) => {
    const answer = data.object('keyServer')
    return {
      version: answer.text('version'),
      origins: answer.textsOrNull('origins') ?? [],
      time: answer.instant('time'),
    }
  },
}

const time: Operation<Date> = {
  kind: 'query',
  document: 'query KeyServerTime { keyServer { time } }',
  parse: (data) => data.object('keyServer').instant('time'),
}
