import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach } from 'vitest'
import type { VerifierOptions } from '../../../../client/verifier/create-verifier.ts'
import type { Signer } from '../../../schema/wire/signatures/signers.ts'
import { createBench, knownKey, type AppRequest, type Bench } from '../../../support/verifier.ts'
import type { Listener } from './runtimes.ts'

/** The verifier and the signer of one test, and its servers. */
export interface MiddlewareContext {
  bench: Bench
  signer: Signer
  /** Replaces both, with a verifier with these options. */
  readonly prepare: (options: Partial<VerifierOptions>) => Promise<void>
  /** Starts a server for this test. @returns its origin. */
  readonly serve: (listener: Listener) => Promise<string>
}

/** Prepares a context before each test of a file, and stops its servers after it. */
export async function useMiddlewareContext(): Promise<MiddlewareContext> {
  const servers: Server[] = []
  const prepare = async (options: Partial<VerifierOptions> = {}) => {
    const bench = createBench(options)
    Object.assign(context, { bench, signer: await knownKey(bench) })
  }
  const bench = createBench()
  const context: MiddlewareContext = {
    bench,
    signer: await knownKey(bench),
    prepare,
    serve: async (listener) => {
      const server = createServer((request, response) => void listener(request, response))
      servers.push(server)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    },
  }
  beforeEach(() => prepare())
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      server.close()
    }
  })
  return context
}

/** Sends a request that was signed for the shop to the test's server. */
export function send(url: string, { method, target, headers, body }: AppRequest): Promise<Response> {
  const signal = AbortSignal.timeout(10_000)
  return fetch(`${url}${target}`, { method, headers, signal, ...(body.length > 0 && { body }) })
}

/** The code in the body of a refusal. */
export async function codeOf(response: Response): Promise<unknown> {
  const answer: { error?: { code?: unknown } } = JSON.parse(await response.text())
  return answer.error?.code
}
