import { createHash } from 'node:crypto'
import { writtenPassword } from '../database/address.ts'

/**
 * The secret that seals the key server's private keys in the database.
 *
 * The operator's SERVER_KEY_SECRET goes first. Without it, it is made from the password in the database's URL: that is
 * the same for every server on the database, and does not lie in a dump of it. The embedded database has a random
 * password. A URL without a password leaves the keys unprotected against whoever reads the database.
 */
export function serverKeySecretOf({
  serverKeySecret,
  databaseUrl,
}: {
  readonly serverKeySecret: string | null
  readonly databaseUrl: string
}): string {
  if (serverKeySecret !== null) return serverKeySecret
  return createHash('sha256')
    .update(`claviger server key secret\n${writtenPassword(databaseUrl)}`)
    .digest('base64url')
}

const charactersMin = 32
const distinctCharactersMin = 8

/**
 * Whether a text can be such a secret: it is used as it is, without the slow hashing that passwords need, so it must be
 * random. 32 bytes in base64 or hexadecimal pass; what people make up and repeat does not.
 */
export function isServerKeySecret(text: string): boolean {
  return text.length >= charactersMin && new Set(text).size >= distinctCharactersMin
}

export const serverKeySecretRule = `must be ${String(charactersMin)} or more random characters, for instance from "openssl rand -base64 32"`
