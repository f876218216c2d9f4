import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { databaseUrl } from '../../../server/database/embedded/database.ts'
import { connectSql } from '../../../server/database/connect.ts'

const password = 'a password that nobody else is to have'

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** A message of PostgreSQL's protocol. */
function message(type: string, ...content: (string | Buffer)[]): Buffer {
  const body = Buffer.concat(content.map((part) => Buffer.from(part)))
  const head = Buffer.alloc(5)
  head.write(type, 'latin1')
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

function login(code: number, content: string | Buffer = ''): Buffer {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(code)
  return message('R', number, content)
}

const ready = message('Z', 'I')
const granted = Buffer.concat([login(0), ready])
/** The answer `x = forged` to the first statement, whatever it is. */
const forgedRow = Buffer.concat([
  message('1'),
  message('2'),
  message(
    'T',
    Buffer.from([0, 1]),
    'x\0',
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]),
  ),
  message('D', Buffer.from([0, 1, 0, 0, 0, 6]), 'forged'),
  message('C', 'SELECT 1\0'),
  ready,
])
const salt = Buffer.from([1, 2, 3, 4])

/** The answer to a message, perhaps in pieces. */
type Step = (received: Buffer) => Buffer | readonly Buffer[]

async function writeInPieces(socket: Socket, answer: Buffer | readonly Buffer[]): Promise<void> {
  for (const piece of [answer].flat()) {
    socket.write(piece)
    await delay(50)
  }
}

/**
 * Somebody who has taken the port of a PostgreSQL that is down.
 *
 * @param steps the answers to the start-up message, and to each further message
 */
async function startImpostor(steps: readonly Step[]) {
  const received: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let step = 0
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      received.push(chunk)
      const answer = steps[step++]
      if (answer) void writeInPieces(socket, answer(chunk))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUps.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: databaseUrl({ host: '127.0.0.1', port, password }, 'claviger'),
    /** All that was sent to it. */
    heard: () => Buffer.concat(received).toString('latin1'),
  }
}

async function ask(url: string): Promise<unknown> {
  const sql = connectSql(url, { max: 1, connect_timeout: 3 })
  try {
    return await sql`SELECT 'secret statement' AS x`
  } finally {
    await sql.end({ timeout: 0 })
  }
}

const md5 = (text: string | Buffer) => createHash('md5').update(text).digest('hex')
const md5Answer = md5(Buffer.concat([Buffer.from(md5(`${password}claviger`)), salt]))

/** SCRAM as it begins; the nonce of the client stands behind `r=`. */
const scramBegins = () => login(10, 'SCRAM-SHA-256\0\0')
const scramProceeds = (rounds: number) => (received: Buffer) =>
  login(
    11,
    `r=${/r=(.+)$/.exec(received.toString('latin1'))?.[1] ?? ''}x,s=${salt.toString('base64')},i=${String(rounds)}`,
  )

test.each<[string, Step[]]>([
  ['asks for the password in the clear', [() => login(3)]],
  ['asks for its MD5', [() => login(5, salt)]],
  ['asks for it in two pieces', [() => [login(3).subarray(0, 6), login(3).subarray(6)]]],
  ['asks for none', [() => Buffer.concat([granted, forgedRow])]],
  ['begins SCRAM, and asks for it in the clear', [() => Buffer.concat([scramBegins(), login(3)])]],
  ['begins SCRAM, and grants the login', [scramBegins, () => Buffer.concat([granted, forgedRow])]],
  [
    'goes through SCRAM up to the proof of knowing it',
    [scramBegins, scramProceeds(4096), () => Buffer.concat([granted, forgedRow])],
  ],
  [
    'goes through SCRAM with a wrong proof of knowing it',
    [
      scramBegins,
      scramProceeds(4096),
      () => Buffer.concat([login(12, `v=${Buffer.alloc(32).toString('base64')}`), granted, forgedRow]),
    ],
  ],
  [
    'says all of SCRAM at once',
    [
      () =>
        Buffer.concat([
          scramBegins(),
          scramProceeds(4096)(Buffer.from('r=none')),
          login(12, 'v=AAAA'),
          granted,
          forgedRow,
        ]),
    ],
  ],
  ['wants a hash of a billion rounds', [scramBegins, scramProceeds(1_000_000_000)]],
  ['announces a message of gigabytes', [() => Buffer.from([0x52, 0xff, 0xff, 0xff, 0xff])]],
])(
  'who takes the port of the embedded PostgreSQL and %s gets neither password nor statement, and is not believed',
  async (_what, steps) => {
    const impostor = await startImpostor(steps)
    await expect(ask(impostor.url)).rejects.toThrow()
    expect(impostor.heard()).toContain('application_name')
    for (const secret of [password, md5Answer, 'secret statement']) {
      expect(impostor.heard()).not.toContain(secret)
    }
  },
)

test('it would get the password, and be believed, on an ordinary connection (negative control)', async () => {
  const plain = (url: string) => url.replace(/\?.*/, '')
  const clear = await startImpostor([() => login(3), () => Buffer.concat([granted, forgedRow])])
  expect(await ask(plain(clear.url))).toEqual([{ x: 'forged' }])
  expect(clear.heard()).toContain(password)
  const hashed = await startImpostor([() => login(5, salt), () => Buffer.concat([granted, forgedRow])])
  await ask(plain(hashed.url))
  expect(hashed.heard()).toContain(md5Answer)
})
