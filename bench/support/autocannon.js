/** Sends the requests of a file in their order, checks each answer, and writes a summary. See generator.ts. */
import { readFileSync, writeFileSync } from 'node:fs'
import autocannon from 'autocannon'

const [url, connections, seconds, requestsFile, resultFile, expected] = process.argv.slice(2)
const requests = parse(readFileSync(requestsFile))
const count = Number(connections)
let next = 0

const result = await autocannon({
  url,
  connections: count,
  duration: Number(seconds),
  requests: [{ setupRequest: (request) => ({ ...request, ...requests[next++ % requests.length] }) }],
  verifyBody: (body) => body.includes(expected),
})
writeFileSync(
  resultFile,
  JSON.stringify({
    requests: result.requests.total,
    failures: result.mismatches + result.errors + result.non2xx,
    seconds: result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  }),
)

/** @param {Buffer} framed */
function parse(framed) {
  const parsed = []
  for (let at = 0; at < framed.length;) {
    const lineEnd = framed.indexOf(10, at)
    const end = lineEnd + 1 + Number(framed.toString('latin1', at, lineEnd))
    const text = framed.toString('utf8', lineEnd + 1, end)
    const [head, body] = text.split('\r\n\r\n')
    const [first, ...lines] = head.split('\r\n')
    const headers = Object.fromEntries(
      lines
        .filter((line) => line !== '')
        .map((line) => line.split(': '))
        .filter(([name]) => name !== 'content-length'),
    )
    const [method, path] = first.split(' ')
    parsed.push({ method, path, headers, body })
    at = end
  }
  return parsed
}
