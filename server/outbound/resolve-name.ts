import { readFile } from 'node:fs/promises'
import { Resolver } from 'node:dns/promises'

export interface ResolveNameOptions {
  /** Gives the name up: nothing is left waiting then. */
  readonly signal: AbortSignal
  /** Name servers, as `address:port`; by default the system's. */
  readonly servers?: readonly string[]
  /** By default the system's, where it has one. */
  readonly hostsFile?: string
}

/** A silent name server costs some 3 seconds; who asks has 5 or more, for this and the answer. */
const resolverOptions = { timeout: 1_000, tries: 2 }

/**
 * The addresses of a name that a stranger chose; none when it has none, or when nobody says.
 *
 * The queries are our own (c-ares) and not `getaddrinfo`. That call holds one of Node's four threads until it is through,
 * which may take 10 seconds and more when the name's servers are silent, and cannot be taken back: a few such names
 * would stop every other look-up of this process, those of its database included.
 *
 * So of what the system would do, this much is left: `localhost` and names below it are loopback (RFC 6761), then the hosts
 * file goes first, as containers are told of their host and neighbours by it, then the name servers of the system are
 * asked. There are no search domains, no mDNS and no directory services: a name is to be complete.
 *
 * @throws Error when the signal is aborted
 */
export async function resolveName(name: string, options: ResolveNameOptions): Promise<readonly string[]> {
  const { signal, servers, hostsFile = '/etc/hosts' } = options
  const plain = name.toLowerCase().replace(/\.$/, '')
  if (/(^|\.)localhost$/.test(plain)) return ['127.0.0.1', '::1']
  const listed = listedAddresses(await readFile(hostsFile, 'utf8').catch(() => ''), plain)
  signal.throwIfAborted()
  if (listed.length > 0) return listed
  const resolver = new Resolver(resolverOptions)
  if (servers !== undefined) resolver.setServers(servers)
  const cancel = () => {
    resolver.cancel()
  }
  signal.addEventListener('abort', cancel)
  try {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    signal.throwIfAborted()
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** hosts(5): a line has an address and its names; what follows a # is a comment. */
function listedAddresses(hosts: string, name: string): string[] {
  return hosts.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/)
    return names.includes(name) ? [address] : []
  })
}
