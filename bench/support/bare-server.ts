import { createServer, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'

/** Answers a POST of JSON on loopback with JSON, and with 500 when `answer` fails. */
export function serveJson(port: string, answer: (body: unknown) => Promise<unknown>): void {
  const answerText = async (request: IncomingMessage) => JSON.stringify(await answer(await json(request)))
  createServer((request, response) => {
    answerText(request).then(
      (body) => {
        const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
        response.writeHead(200, headers).end(body)
      },
      () => response.writeHead(500, { 'Content-Length': 0 }).end(),
    )
  }).listen(Number(port), '127.0.0.1')
}
