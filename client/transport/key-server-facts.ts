import { VerifierError, withVerifierErrors } from '../verifier/verifier-error.ts'
import type { Operation } from './graphql.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { unsignedClient } from './unsigned-client.ts'

/** Facts about a key server. */
export interface KeyServerFacts {
  readonly version: string
  /** Its clock. */
  readonly time: Date
}

/**
 * Reads the version and the clock of a key server. Unsigned.
 *
 * @throws {VerifierError} URL_INVALID, NETWORK, TIMEOUT, ANSWER_MALFORMED.
 */
export function readKeyServer(
  options: { readonly url: string } & ConnectionOptions,
): Promise<KeyServerFacts> {
  return withVerifierErrors(() => unsignedClient(options).run(keyServerOperation))
}

const keyServerOperation: Operation<KeyServerFacts> = {
  kind: 'query',
  document: 'query KeyServer { keyServer { version time } }',
  parse: (data) => {
    const answer = data.object('keyServer')
    return { version: answer.text('version'), time: answer.instant('time') }
  },
}
