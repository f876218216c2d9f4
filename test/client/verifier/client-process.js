// A client that sends the application server of examples/verified-application-server.js one signed request, and one that is not.
import { createVault, memoryKeystore } from 'claviger'

const [url, shop] = process.argv.slice(2)
const vault = await createVault({ url, owner: `alice-${Date.now()}`, keystore: memoryKeystore() })
await vault.createKey(shop)
const { fetch: signedFetch } = vault.signer(shop)

console.log(
  await (await signedFetch(`${shop}/orders`, { method: 'POST', body: 'One coffee, please.' })).text(),
)
console.log(await (await fetch(`${shop}/orders`, { method: 'POST', body: 'One coffee, please.' })).text())
