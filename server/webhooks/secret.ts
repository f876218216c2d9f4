import { randomBytes } from 'node:crypto'
import { openSealed, seal, type SealedFor } from '../lib/sealed.ts'

/** The bytes that sign a webhook's messages. The key server and the receiver share them, and they open no key. */
export type WebhookSecret = Uint8Array & { readonly brand?: 'WebhookSecret' }

const secretBytes = 32
const use = 'webhook secret'

export function createWebhookSecret(): WebhookSecret {
  return randomBytes(secretBytes)
}

/** As its owner sees it, once: `whsec_` and base64 (Standard Webhooks 1.0, "Signature scheme"). */
export function showWebhookSecret(secret: WebhookSecret): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`
}

/** Seals a secret for the database. */
export function sealWebhookSecret(secret: WebhookSecret, owner: Omit<SealedFor, 'use'>): Promise<string> {
  return seal(secret, { ...owner, use })
}

/** Null when it was sealed for another webhook, or under another secret of the server's. */
export function openWebhookSecret(
  sealed: string,
  owner: Omit<SealedFor, 'use'>,
): Promise<WebhookSecret | null> {
  return openSealed(sealed, { ...owner, use })
}
