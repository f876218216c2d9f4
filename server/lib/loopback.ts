/** Whether a host is this machine alone: `localhost`, or an address of loopback, in a URL's brackets or without. */
export function isLoopback(host: string): boolean {
  return /^(localhost|(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|\[::1\])$/.test(host)
}
