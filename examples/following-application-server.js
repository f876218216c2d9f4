// A verified application server that learns of revocations at once. It needs identity.jwk, made by make-identity.js.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import {
  applicationServerKeyId,
  createVerifier,
  followKeyChanges,
  nodeMiddleware,
  registerApplicationServer,
} from 'claviger/verifier'

const [url = 'http://localhost:4000', applicationServer = 'http://localhost:5000'] = process.argv.slice(2)
const signingKey = JSON.parse(await readFile('identity.jwk', 'utf8'))
const list = JSON.stringify({ keys: [await applicationServerKeyId({ signingKey })] })
const verifier = createVerifier({ url, applicationServer })
const authenticate = nodeMiddleware(verifier)

const server = createServer((request, response) => {
  // Before the middleware: the key server asks without a signature.
  if (request.url === '/.well-known/claviger.json') response.end(list)
  else authenticate(request, response, () => response.end(`Welcome, ${request.claviger.owner}.\n`))
})
server.listen(new URL(applicationServer).port, '127.0.0.1', async () => {
  console.log(`The shop is open at ${applicationServer}`)
  const registration = registerApplicationServer({ url, applicationServer, signingKey })
  const { proved, proofFailure } = await registration.catch(({ code }) => ({ proofFailure: code }))
  console.log(proved ? 'Registered.' : `Register again, for it is not proved: ${proofFailure}`)
  await followKeyChanges(verifier, { signingKey, onEvent: ({ type, code }) => console.log(type, code ?? '') })
})
