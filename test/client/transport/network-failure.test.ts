import { createServer as createHttp } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { readKeyServer } from '../../../client/index.ts'
import { networkFailure } from '../../../client/transport/network-failure.ts'
import { freePort } from '../../support/server.ts'

let server: Server | undefined
afterEach(async () => {
  vi.unstubAllGlobals()
  const running = server
  server = undefined
  if (running) await new Promise((resolve) => running.close(resolve))
})

async function listen(listening: Server): Promise<string> {
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = listening.address()
  return `127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`
}

describe('NETWORK names its cause', () => {
  test('a name that is not in DNS', async () => {
    await expect(readKeyServer({ url: 'http://keys.invalid' })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringMatching(
        /The name keys\.invalid was not found in DNS\. \((ENOTFOUND|EAI_AGAIN)\)/,
      ),
      cause: { code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) },
    })
  })

  test('a port where nothing listens', async () => {
    const host = `127.0.0.1:${String(await freePort())}`
    await expect(readKeyServer({ url: `http://${host}` })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining(`Nothing listens at ${host}`),
      cause: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
    })
  })

  test('a redirect', async () => {
    const host = await listen(
      createHttp((_, answer) => void answer.writeHead(308, { location: 'http://127.0.0.1:1/' }).end()),
    )
    await expect(readKeyServer({ url: `http://${host}` })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining(`${host} redirects elsewhere`),
    })
  })

  test('no TLS where it is asked for', async () => {
    const host = await listen(
      createTcp(
        (socket) =>
          void socket
            .resume()
            .on('error', () => undefined)
            .end('HTTP/1.1 400 \r\n\r\n'),
      ),
    )
    await expect(readKeyServer({ url: `https://${host}` })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining('Does it speak https there?'),
    })
  })

  test.each([
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NODE_EXTRA_CA_CERTS'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'NODE_EXTRA_CA_CERTS'],
    ['CERT_HAS_EXPIRED', 'outside its term'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'is not for keys.example'],
    ['ECONNRESET', 'cut off'],
    ['EHOSTUNREACH', 'no way to keys.example'],
    ['ENOSUCHCODE', 'The request to keys.example failed. (ENOSUCHCODE)'],
  ])('%s', (code, words) => {
    const inner = Object.assign(new Error('received: eyJhbGciOi'), { code })
    const failure = networkFailure(new TypeError('fetch failed', { cause: inner }), {
      url: 'https://keys.example',
    })
    expect(failure.message).toContain(words)
    expect(failure.cause).toMatchObject({ code, message: code })
    // The runtime's own words may quote what was received.
    expect(`${failure.message}${String(failure.cause)}`).not.toContain('eyJ')
  })

  test('in a browser the two that can be mended there', () => {
    vi.stubGlobal('origin', 'https://app.example')
    const { message } = networkFailure(new TypeError('Failed to fetch'), { url: 'https://keys.example' })
    expect(message).toContain('ALLOWED_ORIGINS must name https://app.example')
    expect(message).toContain('connect-src reach https://keys.example')
  })
})
