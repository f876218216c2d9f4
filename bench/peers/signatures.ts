/**
 * The check of a request's signature that a careful author would add to any of the peers: the same profile, the digest of
 * the body, the registered key of the signer, which is kept once it was read.
 */
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type postgres from 'postgres'
import { z } from 'zod'
import {
  httpProfile,
  importSigningKey,
  parseSignature,
  verifySignature,
  type ParsedSignature,
} from '../../schema/wire/signatures/http-signature.ts'

/** The signer, and what makes the signature good once. */
export interface Signer extends Pick<ParsedSignature, 'nonce' | 'created' | 'expires'> {
  readonly accountId: string
  readonly managementKeyId: string
}

type SignedHeaders = Pick<IncomingHttpHeaders, string>

const ownerRow = z.object({
  account_id: z.string(),
  signing_key: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
})

/** @returns a check of POSTs to `origin`/graphql. It throws for every signature that is not good */
export function createSignatureCheck(sql: postgres.Sql, origin: string) {
  const known = new Map<
    string,
    { readonly accountId: string; readonly key: Parameters<typeof verifySignature>[1] }
  >()
  const find = async (keyid: string) => {
    const cached = known.get(keyid)
    if (cached !== undefined) return cached
    const [row] =
      await sql`SELECT account_id, signing_key FROM management_key_owners WHERE management_key_id = ${keyid}`
    const { account_id: accountId, signing_key: jwk } = ownerRow.parse(row)
    const found = { accountId, key: { jwk, cryptoKey: await importSigningKey(jwk) } }
    known.set(keyid, found)
    return found
  }
  return async (headers: SignedHeaders, body: Uint8Array): Promise<Signer> => {
    const text = (name: string) => String(headers[name])
    const signature = parseSignature(httpProfile, {
      signatureInput: text('signature-input'),
      signature: text('signature'),
    })
    const digest = `sha-256=:${hash('sha256', body, 'base64')}:`
    if (digest !== headers['content-digest']) throw new Error('The digest is not that of the body.')
    const { accountId, key } = await find(signature.keyid)
    const isGood = await verifySignature(signature, key, {
      '@method': 'POST',
      '@target-uri': `${origin}/graphql`,
      'content-type': text('content-type'),
      'content-digest': digest,
    })
    if (!isGood) throw new Error('The signature is not good.')
    const { nonce, created, expires, keyid: managementKeyId } = signature
    return { accountId, managementKeyId, nonce, created, expires }
  }
}
