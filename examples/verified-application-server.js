// An application server that knows who sends each request: it is signed with a key that its owner keeps for this server.
import { createServer } from 'node:http'
import { createVerifier, nodeMiddleware } from 'claviger/verifier'

const [url = 'http://localhost:4000', origin = 'http://localhost:5000'] = process.argv.slice(2)
const authenticate = nodeMiddleware(createVerifier({ url, applicationServer: origin }))

createServer((request, response) => {
  authenticate(request, response, () => response.end(`Welcome, ${request.claviger.owner}.\n`))
}).listen(new URL(origin).port, '127.0.0.1', () => console.log(`The shop is open at ${origin}`))
