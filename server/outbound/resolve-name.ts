import { readFile } from 'node:fs/promises'
import { Resolver } from 'node:dns/promises'

export interface ResolveNameOptions {
  /** Ends the look-up; nothing is left waiting then. */
  readonly signal: AbortSignal
  /** Name servers, as `address:port`; by default the system's. */
  readonly servers?: readonly string[]
  /** By default the system's, where it has one. */
  readonly hostsFile?: string
}

/** A silent name server costs some 3 seconds; callers have 5 or more, for this and the answer. */
const resolverOptions = { timeout: 1_000, tries: 2 }

/**
 * The addresses of a name that a stranger chose; none when it has none, or when no name server answers.
 *
 * It queries by c-ares and not by `getaddrinfo`. That call occupies one of Node's four threads until it returns, which may
 * take 10 seconds and more when the name's servers are silent, and cannot be cancelled: a few such names would stop every
 * other look-up of this process, those of its database included.
 *
 * So this is what remains of the system's way to resolve a name: `localhost` and names below it are loopback (RFC 6761),
 * then the hosts file is read, from which containers know their host and neighbours, then the system's name servers are
 * queried. There are no search domains, no mDNS and no directory services: a name has to be complete.
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
