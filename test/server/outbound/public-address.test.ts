import { describe, expect, test } from 'vitest'
import { isPublicAddress } from '../../../server/outbound/public-address.ts'
import { webhookUrl } from '../../../server/webhooks/webhook-url.ts'

const privateAddresses = [
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
]

const publicAddresses = ['1.1.1.1', '8.8.8.8', '100.63.255.255', '172.15.0.1', '172.32.0.1', '192.167.0.1']
const publicAddresses6 = ['2606:4700:4700::1111', '2a00:1450:4001:81b::200e', '2001:4860:4860::8888']

describe('an address', () => {
  test.each(privateAddresses)('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  test.each([...publicAddresses, ...publicAddresses6])('%s is public (negative control)', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  test.each(['', 'localhost', 'example.com', '1.2.3', '2130706433'])(
    '"%s" is none, and not public',
    (text) => {
      expect(isPublicAddress(text)).toBe(false)
    },
  )
})

describe('the URL of a webhook', () => {
  const strict = webhookUrl({ allowsPrivate: false })
  const lenient = webhookUrl({ allowsPrivate: true })

  test.each([
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://user@example.com/',
    'https://user:secret@example.com/',
    'https://example.com/#fragment',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[fd00:ec2::254]/',
    'https://169.254.169.254/latest/meta-data/',
    `https://example.com/${'x'.repeat(2000)}`,
    'not a URL',
    '',
  ])('%s is refused', (url) => {
    expect(strict.safeParse(url).success).toBe(false)
  })

  test('is kept in its canonical form', () => {
    expect(strict.parse('HTTPS://Example.COM:443/a/../hook?x=1')).toBe('https://example.com/hook?x=1')
  })

  test('may be http and private when the operator allows it', () => {
    expect(lenient.parse('http://127.0.0.1:8080/hook')).toBe('http://127.0.0.1:8080/hook')
    expect(lenient.safeParse('ftp://127.0.0.1/').success).toBe(false)
  })
})
