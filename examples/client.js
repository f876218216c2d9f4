// A client that makes a key for one application server, keeps it at the key server, and signs with it.
import { createVault, memoryKeystore } from 'claviger'

const [url = 'http://localhost:4000', shop = 'http://localhost:5000'] = process.argv.slice(2)
const owner = `alice-${Date.now()}`

const vault = await createVault({ url, owner, keystore: memoryKeystore() })
await vault.createKey(shop, { maxUses: 100, expiresAt: new Date('2099-01-01') })
const key = await vault.acquire(shop)

const message = 'One coffee, please.'
const signature = Buffer.from(await key.sign(Buffer.from(message))).toString('base64url')
const order = JSON.stringify({ owner, publicKey: key.publicKey, message, signature })
const answer = await fetch(shop, { method: 'POST', body: order })
console.log(await answer.text())
