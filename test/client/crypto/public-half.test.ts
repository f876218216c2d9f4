import { afterEach, describe, expect, test, vi } from 'vitest'
import { publicHalfOf } from '../../../client/crypto/public-half.ts'
import { generateSecret } from '../../../client/crypto/transaction-key.ts'
import { VaultError } from '../../../client/errors.ts'

/** Private and public keys: RFC 8032 §7.1 test 1, RFC 7748 §6.1 Alice, RFC 6979 §A.2.5. */
const vectors = [
  {
    algorithm: 'Ed25519',
    d: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    expected: { x: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a' },
  },
  {
    algorithm: 'X25519',
    d: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
    expected: { x: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a' },
  },
  {
    algorithm: 'P-256',
    d: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
    expected: {
      x: '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6',
      y: '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    },
  },
] as const

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each([
  ['with what Web Crypto has', lackNothing],
  ['where Web Crypto imports no such private key', lackPkcs8],
  ['where Web Crypto exports no public key of it', lackExport],
] as const)('%s', (_runtime, prepare) => {
  test.each(vectors)('the public key of the published $algorithm key is computed', async (vector) => {
    prepare()
    const { algorithm, expected } = vector
    const publicKey = await publicHalfOf({ algorithm, jwk: { d: base64urlOf(vector.d) } })
    const { x, y } = { y: undefined, ...expected }
    expect(publicKey).toEqual({
      kty: algorithm === 'P-256' ? 'EC' : 'OKP',
      crv: algorithm,
      x: base64urlOf(x),
      ...(y !== undefined && { y: base64urlOf(y) }),
    })
  })

  test('a number that is no private key of P-256 is refused', async () => {
    prepare()
    const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
    for (const d of ['00'.repeat(32), order, 'ff'.repeat(32)]) {
      const error = await publicHalfOf({ algorithm: 'P-256', jwk: { d: base64urlOf(d) } }).catch(
        (e: unknown) => e,
      )
      expect(error).toBeInstanceOf(VaultError)
      expect(error).toMatchObject({ code: 'UNWRAP_FAILED' })
    }
  })
})

test('both ways agree about generated keys', async () => {
  for (const algorithm of ['Ed25519', 'X25519'] as const) {
    const secret = await generateSecret(algorithm)
    const computed = await publicHalfOf(secret)
    lackPkcs8()
    expect(await publicHalfOf(secret)).toEqual(computed)
    vi.restoreAllMocks()
  }
})

function lackNothing(): void {
  vi.restoreAllMocks()
}

function lackPkcs8(): void {
  vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('No.', 'DataError'))
}

function lackExport(): void {
  vi.spyOn(crypto.subtle, 'exportKey').mockRejectedValue(new DOMException('No.', 'OperationError'))
}

function base64urlOf(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url')
}
