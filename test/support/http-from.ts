import { request } from 'node:http'
import { json } from 'node:stream/consumers'

/** A POST of GraphQL from one of this machine's loopback addresses, e.g. `127.0.0.2`: for servers, another client. */
export async function postFrom(
  localAddress: string,
  url: string,
  { body, headers = {} }: { readonly body: object; readonly headers?: Readonly<Record<string, string>> },
): Promise<{
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: unknown
}> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof postFrom>>>()
  const sent = request(new URL('/graphql', url), {
    method: 'POST',
    localAddress,
    headers: { 'Content-Type': 'application/json', ...headers },
  })
  sent.once('error', reject)
  sent.once('response', (response) => {
    json(response).then((answer) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer })
    }, reject)
  })
  sent.end(JSON.stringify(body))
  return promise
}
