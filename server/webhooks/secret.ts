import { hkdf, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { CompactEncrypt, compactDecrypt } from 'jose'

/** The bytes that sign what a webhook is sent. They are between the key server and the receiver, and open no key. */
export type WebhookSecret = Uint8Array & { readonly brand?: 'WebhookSecret' }

/** Which webhook a secret belongs to: sealed for one, it does not open as another's. */
export interface SealedFor {
  readonly accountId: string
  readonly id: string
}

const secretBytes = 32

export function createWebhookSecret(): WebhookSecret {
  return randomBytes(secretBytes)
}

/** As its owner sees it, once: `whsec_` and base64 (Standard Webhooks 1.0, "Signature scheme"). */
export function showWebhookSecret(secret: WebhookSecret): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`
}

/** Seals a secret for the database: a compact JWE (`dir`, A256GCM) under a key of the server's own secret. */
export async function sealWebhookSecret(
  secret: WebhookSecret,
  { serverKeySecret, ...owner }: SealedFor & { readonly serverKeySecret: string },
): Promise<string> {
  return new CompactEncrypt(secret)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: owner.id })
    .encrypt(await sealingKey(serverKeySecret, owner))
}

/** Null when it was sealed for another webhook, or under another secret of the server's. */
export async function openWebhookSecret(
  sealed: string,
  { serverKeySecret, ...owner }: SealedFor & { readonly serverKeySecret: string },
): Promise<WebhookSecret | null> {
  try {
    const { plaintext } = await compactDecrypt(sealed, await sealingKey(serverKeySecret, owner), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return plaintext
  } catch {
    return null
  }
}

const derive = promisify(hkdf)

/** HKDF (RFC 5869), as for the server's signing keys: its secret is random. */
async function sealingKey(serverKeySecret: string, { accountId, id }: SealedFor): Promise<Uint8Array> {
  return new Uint8Array(
    await derive('sha256', serverKeySecret, `${accountId}:${id}`, 'claviger webhook secret', 32),
  )
}
