/**
 * The client of the walk-through, a process of its own: does each of the twelve things once and reports what it saw.
 * Its arguments: the key server's URL, the origins of two application servers, and a file for the keystore.
 */
import {
  createVault,
  memoryKeystore,
  openVault,
  verifyPublicKey,
  KeyServerError,
  type Alert,
  type Vault,
} from 'claviger'
import { fileKeystore } from 'claviger/node'

const [url = '', shop = '', bank = '', keystorePath = ''] = process.argv.slice(2)
const owner = `alice-${process.pid}`
const keystore = fileKeystore({ path: keystorePath, passphrase: 'a passphrase for the test' })
const message = new TextEncoder().encode('One coffee, please.')

const vault = await createVault({ url, owner, keystore })
const alerts = follow(vault)
const shopKey = await vault.createKey(shop, { label: 'shop' })
report(1, { owner, managementKeyId: vault.managementKeyId, keyId: shopKey.id })

const bankKey = await vault.createKey(bank, { label: 'bank', algorithm: 'P-256' })
report(2, { keyIds: [shopKey.id, bankKey.id] })

const acquired = await vault.acquire(shop)
const signature = await acquired.sign(message)
const shopPublicKey = await crypto.subtle.importKey('jwk', { ...shopKey.publicKey }, 'Ed25519', true, [
  'verify',
])
report(3, { isVerified: await crypto.subtle.verify('Ed25519', shopPublicKey, signature, message) })

const symmetric = await vault.createKey('https://notes.example', { algorithm: 'A256GCM' })
const sealed = await (await vault.acquire({ id: symmetric.id })).encrypt(message)
const opened = await (await vault.acquire({ id: symmetric.id })).decrypt(sealed)
report(4, {
  pair: shopKey.publicKey !== null,
  isSymmetric: symmetric.publicKey === null,
  opened: text(opened),
})

const question = { url, owner, applicationServer: shop }
report(5, {
  own: await verifyPublicKey({ ...question, publicKey: shopKey.publicKey }),
  other: await verifyPublicKey({ ...question, publicKey: bankKey.publicKey }),
})

const stranger = await createVault({ url, owner: `mallory-${process.pid}`, keystore: memoryKeystore() })
const { managementKeys } = await vault.account()
report(6, {
  registered: managementKeys.map(({ id }) => id),
  stranger: await refusalOf(() => stranger.acquire({ id: shopKey.id })),
})

const publicKey = acquired.publicKey
report(7, { answer: await order(shop, { owner, publicKey, signature }) })

report(8, { shop: shopKey.thumbprint, bank: (await vault.acquire(bank)).thumbprint })

const brief = await vault.createKey('https://brief.example', { expiresAt: new Date(Date.now() + 1500) })
const expired = await alerts.next((alert) => alert.kind === 'KEY_EXPIRED')
report(9, { keyId: brief.id, alert: describe(expired), state: (await vault.key(brief.id))?.state })

const once = await vault.createKey('https://once.example', { maxUses: 1 })
await vault.acquire({ id: once.id })
await vault.acquire({ id: once.id })
const overused = await alerts.next((alert) => alert.kind === 'KEY_OVERUSED')
report(10, { keyId: once.id, alert: describe(overused), useCount: (await vault.key(once.id))?.useCount })

const moved = await openVault({ keystore })
const unsigned = await fetch(`${url}/graphql`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: `{ wrappedKey(transactionKeyId: "${shopKey.id}") { jwe } }` }),
})
report(11, {
  moved: (await moved.acquire({ id: shopKey.id })).thumbprint,
  shop: shopKey.thumbprint,
  unsigned: { status: unsigned.status, body: await unsigned.json() },
})

const impostor = await stranger.createKey(shop)
const forged = await (await stranger.acquire(shop)).sign(message)
report(12, {
  genuine: await order(shop, { owner, publicKey, signature }),
  forged: await order(shop, { owner, publicKey: impostor.publicKey, signature: forged }),
})
await alerts.end()

function report(point: number, facts: object): void {
  process.send?.({ point, facts })
}

async function order(
  origin: string,
  { signature, ...presented }: { owner: string; publicKey: unknown; signature: Uint8Array },
): Promise<string> {
  const body = {
    ...presented,
    message: text(message),
    signature: Buffer.from(signature).toString('base64url'),
  }
  const answer = await fetch(origin, { method: 'POST', body: JSON.stringify(body) })
  return answer.text()
}

async function refusalOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'granted'
  } catch (error) {
    return error instanceof KeyServerError ? error.code : String(error)
  }
}

/** The alerts from now on; they are read in order, each once. */
function follow(source: Vault) {
  const stream = source.alerts({ signal: AbortSignal.timeout(30_000) })
  let pending = stream.next()
  return {
    async next(wanted: (alert: Alert) => boolean): Promise<Alert> {
      for (;;) {
        const { done, value } = await pending
        if (done) throw new Error('The alert did not come in time.')
        pending = stream.next()
        if (wanted(value)) return value
      }
    },
    end: () => stream.return?.(),
  }
}

function describe(alert: Alert): object {
  return 'transactionKey' in alert
    ? { ...alert, keyId: alert.transactionKey.id }
    : { kind: alert.kind, cursor: alert.cursor }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
