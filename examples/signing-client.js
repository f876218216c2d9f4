// A client that an application server knows by its requests: each is signed with the key that is kept for this server.
import { createVault, memoryKeystore } from 'claviger'

const [url = 'http://localhost:4000', shop = 'http://localhost:5000'] = process.argv.slice(2)
const owner = `alice-${Date.now()}`

const vault = await createVault({ url, owner, keystore: memoryKeystore() })
await vault.createKey(shop)

const { fetch } = vault.signer(shop)
const answer = await fetch(`${shop}/orders`, { method: 'POST', body: 'One coffee, please.' })
console.log(await answer.text())
