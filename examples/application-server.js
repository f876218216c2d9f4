// An application server that admits a client by its public key, after verifying at the key server that it is the owner's.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { verifyPublicKey } from 'claviger'

const [url = 'http://localhost:4000', origin = 'http://localhost:5000'] = process.argv.slice(2)

async function admit(request) {
  const { owner, publicKey, message, signature } = await json(request)
  const { valid, status } = await verifyPublicKey({ url, owner, applicationServer: origin, publicKey })
  const key = valid && (await crypto.subtle.importKey('jwk', publicKey, 'Ed25519', false, ['verify']))
  const signed = [Buffer.from(signature, 'base64url'), Buffer.from(message)]
  const isGenuine = key && (await crypto.subtle.verify('Ed25519', key, ...signed))
  return isGenuine ? `Welcome, ${owner}.\n` : `Refused: ${status}.\n`
}

createServer(async (request, response) => {
  // Whatever is sent, the shop stays open.
  response.end(await admit(request).catch(({ code = 'no order' }) => `Refused: ${code}.\n`))
}).listen(new URL(origin).port, '127.0.0.1', () => console.log(`The shop is open at ${origin}`))
