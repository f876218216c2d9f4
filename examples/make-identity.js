// Once: makes the key pair by which a key server knows this application server. The file is as secret as a password.
import { writeFile } from 'node:fs/promises'

const { privateKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
const identity = JSON.stringify(await crypto.subtle.exportKey('jwk', privateKey))
await writeFile('identity.jwk', identity, { mode: 0o600, flag: 'wx' })
