import { hash } from 'node:crypto'

/**
 * Names accounts in logs by a keyed hash: the same on every server of a database, and without the server's secret no name
 * can be found from it. From an account's id it can, since the id is made of the name.
 *
 * @returns 16 characters of base64url for an account's id
 */
export function createAccountHash(serverKeySecret: string): (accountId: string) => string {
  const key = hash('sha256', `claviger account hash\n${serverKeySecret}`)
  return (accountId) => hash('sha256', `${key}\n${accountId}`, 'base64url').slice(0, 16)
}
