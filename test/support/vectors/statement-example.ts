import { importJWK } from 'jose'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import { signStatement, type KeyCertificate } from '../../../schema/wire/statements/statement.ts'
import { exampleCreated, exampleKey } from './request-signing-example.ts'

/** The claims of docs/protocol.md's certificate about the P-256 key of RFC 7515 appendix A.3. */
export const exampleCertificate: KeyCertificate = {
  v: 1,
  iss: 'alice',
  aud: 'https://shop.example',
  jti: '7f3f2a52-6a3c-4a86-9c67-0d2b3c6f7a10',
  iat: exampleCreated,
  exp: exampleCreated + 31_536_000,
  max_uses: 1000,
  cnf: {
    jwk: {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  },
}

/** A certificate by the key of RFC 8037 appendix A, computed by schema/wire. */
export async function certificateExample(): Promise<string> {
  const privateKey = await importJWK({ ...exampleKey.jwk, d: exampleKey.d }, 'EdDSA')
  if (privateKey instanceof Uint8Array) throw new TypeError('An Ed25519 key is no secret.')
  return signStatement('claviger-key+jwt', exampleCertificate, {
    privateKey,
    kid: await thumbprint(exampleKey.jwk),
    alg: 'EdDSA',
  })
}
