import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { Mailer, type Mail, type MailOutcome } from '../../../server/channels/mailer.ts'
import { readSmtpUrl } from '../../../server/channels/mail-settings.ts'
import { confirmationOf, mailOf, messageOf } from '../../../server/channels/message.ts'
import type { AlertFacts } from '../../../server/channels/texts/catalogue.ts'
import { describe, texts } from '../../../server/channels/texts/index.ts'
import { mailServer, type MailServer } from '../../support/mail-server.ts'
import { freePort } from '../../support/server.ts'

const to = 'alice@mail.example'
const mail: Mail = {
  to,
  subject: 'A subject',
  text: 'A text.',
  html: '<p>A text.</p>',
  messageId: '<1@keys.example>',
  unsubscribeUrl: 'https://keys.example/mail/stop?token=t',
}

/** Sends with a mailer of its own. */
async function send(
  url: string,
  content: Partial<Mail> = {},
  { times = 1 } = {},
): Promise<{ outcome: MailOutcome; log: string }> {
  let log = ''
  const mailer = new Mailer(
    { url, from: 'Claviger <alerts@keys.example>' },
    { log: pino({ level: 'trace' }, { write: (line) => void (log += line) }) },
  )
  onTestFinished(() => {
    mailer.close()
  })
  let outcome: MailOutcome = { failure: null }
  for (let sent = 0; sent < times; sent++) {
    outcome = await mailer.send({ ...mail, ...content }, new AbortController().signal)
  }
  return { outcome, log }
}

const withPassword = (server: MailServer, password: string) =>
  server.url.replace('://', `://alice%40keys:${password}@`)

const error = (text: string, responseCode: number) => Object.assign(new Error(text), { responseCode })

test.each<{ failure: string; isCertain: boolean; words: string; url: () => Promise<string> }>([
  {
    failure: 'MAIL_SERVER_UNREACHABLE',
    isCertain: true,
    words: 'check host and port of SMTP_URL',
    url: async () => `smtp://127.0.0.1:${String(await freePort())}`,
  },
  {
    failure: 'MAIL_SERVER_TLS',
    isCertain: true,
    words: 'its certificate is not valid',
    url: async () => (await mailServer({ secure: true })).url,
  },
  {
    failure: 'MAIL_SERVER_TLS',
    isCertain: true,
    words: 'offers no TLS',
    url: async () => `${(await mailServer({ disabledCommands: ['STARTTLS'] })).url}?requireTLS=true`,
  },
  {
    failure: 'MAIL_SERVER_LOGIN',
    isCertain: true,
    words: 'refuses user and password of SMTP_URL',
    url: async () =>
      withPassword(
        await mailServer({
          onAuth: (_auth, _session, done) => {
            done(new Error('wrong password of alice'))
          },
        }),
        'wrong-password',
      ),
  },
  {
    failure: 'MAIL_SERVER_LOGIN',
    isCertain: true,
    words: 'refuses user and password of SMTP_URL',
    url: async () => (await mailServer({ authOptional: false })).url,
  },
  {
    failure: 'SENDER_REFUSED',
    isCertain: true,
    words: 'refuses SMTP_FROM as the sender',
    url: async () =>
      (
        await mailServer({
          onMailFrom: (_address, _session, done) => {
            done(error('no', 550))
          },
        })
      ).url,
  },
  {
    failure: 'MESSAGE_REFUSED',
    isCertain: true,
    words: 'refuses a message',
    url: async () =>
      (
        await mailServer({
          onMail: () => {
            throw error('spam', 554)
          },
        })
      ).url,
  },
  {
    failure: 'MAIL_SERVER_ERROR',
    isCertain: true,
    words: 'asks to be tried later',
    url: async () =>
      (
        await mailServer({
          onMail: () => {
            throw error('later', 451)
          },
        })
      ).url,
  },
  {
    failure: 'MAIL_SERVER_ERROR',
    isCertain: false,
    words: 'the mail server failed',
    url: async () =>
      (
        await mailServer({
          onMail: (_mail, { cut }) => {
            cut()
          },
        })
      ).url,
  },
])(
  '$failure (certain: $isCertain) is told to the operator once, in words: $words',
  async ({ failure, isCertain, words, url }) => {
    const { outcome, log } = await send(await url(), {}, { times: 2 })
    expect(outcome).toEqual({ failure, isCertain })
    expect(log.trim().split('\n')).toHaveLength(1)
    expect(log).toContain(words)
    for (const secret of [to, 'wrong-password', 'alice']) expect(log).not.toContain(secret)
  },
)

test('a recipient who is refused is no matter of the operator, and in no log', async () => {
  const server = await mailServer({
    onRcptTo: ({ address }, _session, done) => {
      done(error(`no ${address} here`, 550))
    },
  })
  expect(await send(server.url)).toEqual({
    outcome: { failure: 'RECIPIENT_REFUSED', isCertain: true },
    log: '',
  })
})

test('a mail server with a password takes the mail, over STARTTLS', async () => {
  let wasSecure = false
  const server = await mailServer({
    authOptional: false,
    onAuth: ({ username, password }, session, done) => {
      wasSecure = session.secure
      done(null, username === 'alice@keys' && password === 'right' ? { user: username } : undefined)
    },
  })
  expect((await send(withPassword(server, 'right'))).outcome).toEqual({ failure: null })
  expect(wasSecure).toBe(true)
  expect(server.to(to)).toHaveLength(1)
})

/** A label as nobody can set it through the API, and as somebody may get it into the database. */
async function sendAbout(label: string, applicationServer = 'https://shop.example') {
  const server = await mailServer()
  const digest = {
    owner: 'alice',
    count: 1,
    further: [],
    alerts: [
      {
        kind: 'KEY_EXPIRED' as const,
        occurredAt: new Date('2030-01-01T00:00:00Z'),
        expiresAt: new Date('2030-01-01T00:00:00Z'),
        key: { id: 'i', applicationServer, label },
      },
    ],
  }
  const message = messageOf(digest, texts.EN, { origin: 'https://keys.example' })
  const content = mailOf(message, texts.EN, { language: 'EN', stopUrl: mail.unsubscribeUrl })
  expect((await send(server.url, content)).outcome).toEqual({ failure: null })
  const [received] = server.mails
  if (received === undefined) throw new TypeError('The mail has come.')
  return received
}

test('a label adds no header, no recipient and no body of its own', async () => {
  const received = await sendAbout(
    'x\r\nBcc: eve@mail.example\r\nReply-To: eve@mail.example\r\n\r\n<b>body</b>\u2028y',
  )
  expect(received.to).toEqual([to])
  expect([...received.headers.keys()]).not.toContain('bcc')
  expect([...received.headers.keys()]).not.toContain('reply-to')
  expect(received.subject).toContain(
    'Your key "x Bcc: eve@mail.example Reply-To: eve@mail.example <b>body</b> y"',
  )
  expect(received.html).not.toContain('<b>body</b>')
})

test('names of any script arrive as they are, in the subject, the text and the HTML', async () => {
  const label = 'Läden 店 متجر 🔑'
  const received = await sendAbout(label, 'https://bücher.example')
  for (const text of [received.subject, received.text, received.html]) {
    expect(text).toContain(label)
    expect(text).toContain('https://bücher.example')
  }
  expect(received.source).toMatch(/^Subject: =\?UTF-8\?/m)
})

const device = { id: 'd', kind: 'DEVICE', label: 'Jörgs Laptop' } as const
const viewer = { ...device, kind: 'VIEWER' } as const
const occurredAt = new Date('2030-01-01T00:00:00Z')

test.each<{ facts: AlertFacts; en: string; de: string }>([
  {
    facts: { kind: 'KEYS_REWRAPPED', occurredAt, device, keyCount: 1 },
    en: 'Your device "Jörgs Laptop" read it in order to hand it over.',
    de: 'Gelesen wurde er von deinem Gerät „Jörgs Laptop“, um ihn weiterzugeben.',
  },
  {
    facts: { kind: 'KEYS_REWRAPPED', occurredAt, device, keyCount: 2 },
    en: 'Your device "Jörgs Laptop" read them in order to hand them over.',
    de: 'Gelesen wurden sie von deinem Gerät „Jörgs Laptop“, um sie weiterzugeben.',
  },
  {
    facts: { kind: 'KEYS_EXPORTED', occurredAt, device, keyCount: 1 },
    en: 'Your device "Jörgs Laptop" read it for a backup.',
    de: 'Gelesen wurde er von deinem Gerät „Jörgs Laptop“, für eine Sicherung.',
  },
  {
    facts: { kind: 'PUBLIC_KEY_MISMATCH', occurredAt, applicationServer: 'shop', furtherKeyCount: 0 },
    en: 'shop was shown a key in your name, and asked this key server, which answered: it is not yours.',
    de: 'dass er dir nicht gehört.',
  },
  {
    facts: { kind: 'PUBLIC_KEY_MISMATCH', occurredAt, applicationServer: 'shop', furtherKeyCount: 1 },
    en: 'shop was shown 2 keys in your name, and asked this key server, which answered: they are not yours.',
    de: 'dass sie dir nicht gehören.',
  },
  {
    facts: { kind: 'MANAGEMENT_KEY_ADDED', occurredAt, device: viewer, by: device },
    en: 'Your device "Jörgs Laptop" added it. It can read which keys you have, and use none of them.',
    de: 'Es kann lesen, welche Schlüssel du hast, und keinen davon benutzen.',
  },
  {
    facts: { kind: 'MANAGEMENT_KEY_ADDED', occurredAt, device, by: device },
    en: 'Your device "Jörgs Laptop" added it. It can now use every key that you have.',
    de: 'Es kann jetzt alle deine Schlüssel benutzen.',
  },
])('$facts.kind is told as it was, of one and of several, in each language: $en', ({ facts, en, de }) => {
  expect(describe(facts, texts.EN).happened).toBe(en)
  expect(describe(facts, texts.DE).happened).toContain(de)
})

test.each(['EN', 'DE'] as const)(
  'a mail with commands in it says where they are typed, and the one that asks for confirmation has none (%s)',
  (language) => {
    const sender = { owner: 'alice', origin: 'https://keys.example' }
    const alerts: AlertFacts[] = [{ kind: 'KEYS_EXPORTED', occurredAt, device, keyCount: 1 }]
    const message = messageOf({ owner: 'alice', count: 1, further: [], alerts }, texts[language], sender)
    const alert = mailOf(message, texts[language], { language, stopUrl: null })
    const asking = confirmationOf(texts[language], sender, {
      language,
      confirmUrl: 'https://keys.example/mail/confirm?token=t',
      blockUrl: 'https://keys.example/mail/block?token=t',
    })
    // The console of a key server that others reach only reads by default, so a mail cannot promise it for every command.
    const where =
      language === 'EN' ? 'A console that does more than read' : 'Eine Konsole, die nicht nur liest,'
    for (const text of [alert.text, alert.html]) expect(text).toContain(where)
    for (const text of [asking.text, asking.html]) expect(text).not.toContain(where)
  },
)

test('a label is text in HTML too, whatever is in it', async () => {
  const label = `<img src="https://evil.example/x.png" onerror='alert(1)'>&amp;</p><script>1</script>`
  const { html, text } = await sendAbout(label)
  expect(html).not.toMatch(/<img|<script/)
  expect(html).toContain(
    '&lt;img src=&quot;https://evil.example/x.png&quot; onerror=&#39;alert(1)&#39;&gt;&amp;amp;',
  )
  expect(text).toContain(label)
})

test('a subject has at most 150 characters, and no half of one', async () => {
  const { subject } = await sendAbout('\u{1f511}'.repeat(127), `https://${'a'.repeat(200)}.example`)
  expect(subject.length).toBeLessThanOrEqual(150)
  expect(subject.isWellFormed()).toBe(true)
  expect(subject).toMatch(/…$/)
})

test.each([
  ['smtps://mail.example', { port: 465, secure: true, requireTLS: false, tls: { rejectUnauthorized: true } }],
  ['smtp://mail.example', { port: 587, secure: false, requireTLS: true, tls: { rejectUnauthorized: true } }],
  ['smtp://mail.example:25?requireTLS=false', { port: 25, requireTLS: false }],
  ['smtp://mail:25?ignoreTLS=true', { host: 'mail', ignoreTLS: true, requireTLS: false }],
  ['smtp://localhost:2525', { host: 'localhost', requireTLS: false, tls: { rejectUnauthorized: false } }],
  ['smtp://[::1]:2525', { host: '::1', requireTLS: false }],
  ['smtp://127.0.0.1.evil.example', { requireTLS: true, tls: { rejectUnauthorized: true } }],
  ['smtp://a%40b:c%2Fd@mail.example', { auth: { user: 'a@b', pass: 'c/d' } }],
])('%s is read', (url, expected) => {
  expect(readSmtpUrl(url)).toMatchObject(expected)
})

test.each([
  'mail.example:hunter2',
  'https://u:hunter2@mail.example',
  'smtp://',
  'smtp://u:hunter2@m.example/path',
  'smtp://u:hunter2@m.example?proxy=x',
])('%s is no SMTP_URL, and no password is repeated', (url) => {
  expect(() => readSmtpUrl(url)).toThrow(TypeError)
  expect(() => readSmtpUrl(url)).not.toThrow('hunter2')
})
