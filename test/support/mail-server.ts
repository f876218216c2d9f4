import type { AddressInfo, Socket } from 'node:net'
import { simpleParser, type ParsedMail } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { onTestFinished } from 'vitest'

/** A mail as its reader gets it. */
export interface ReceivedMail {
  /** The envelope's recipients. */
  readonly to: readonly string[]
  readonly messageId: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** As they were sent, by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** The whole message. */
  readonly source: string
}

/** A mail server on loopback. */
export interface MailServer {
  /** For SMTP_URL. */
  readonly url: string
  readonly port: number
  /** Every mail that it took, in the order of arrival. */
  readonly mails: readonly ReceivedMail[]
  to(address: string): ReceivedMail[]
  close(): Promise<void>
}

export interface MailServerOptions extends Pick<
  SMTPServerOptions,
  'secure' | 'key' | 'cert' | 'authOptional' | 'disabledCommands' | 'onAuth' | 'onRcptTo' | 'onMailFrom'
> {
  readonly port?: number
  /** Handles a received mail: it refuses it by throwing, or loses the connection. Default: it takes it. */
  readonly onMail?: (mail: ReceivedMail, connection: { readonly cut: () => void }) => Promise<void> | void
}

/** Starts one; without `secure` it offers STARTTLS with a certificate that nobody trusts. */
export async function startMailServer({
  port = 0,
  onMail = () => undefined,
  ...options
}: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  const sockets = new Set<Socket>()
  const server = new SMTPServer({
    authOptional: true,
    closeTimeout: 100,
    // Nor does it warn of its certificate.
    logger: false,
    ...options,
    onData: (stream, session, done) => {
      void receive(stream)
        .then(async (source) => {
          const to = session.envelope.rcptTo.map(({ address }) => address)
          const mail = toMail(await simpleParser(source), { to, source })
          mails.push(mail)
          await onMail(mail, {
            cut: () => {
              for (const socket of sockets) socket.destroy()
            },
          })
          done()
        })
        .catch((error: unknown) => {
          done(error instanceof Error ? error : new Error('refused'))
        })
    },
  })
  server.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  // A client that goes away is no fault.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.server.address() as AddressInfo
  return {
    url: `${options.secure === true ? 'smtps' : 'smtp'}://127.0.0.1:${String(address.port)}`,
    port: address.port,
    mails,
    to: (wanted) => mails.filter(({ to }) => to.includes(wanted)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
      }),
  }
}

/** A mail server that ends with the test. */
export async function mailServer(options?: MailServerOptions): Promise<MailServer> {
  const started = await startMailServer(options)
  onTestFinished(() => started.close())
  return started
}

async function receive(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

function toMail(
  { headerLines, subject = '', text = '', html = false, messageId = '' }: ParsedMail,
  envelope: Pick<ReceivedMail, 'to' | 'source'>,
): ReceivedMail {
  return {
    ...envelope,
    messageId,
    subject,
    text,
    html: html === false ? '' : html,
    headers: new Map(headerLines.map(({ key, line }) => [key, line.replace(/^[^:]*:\s*/, '')])),
  }
}
