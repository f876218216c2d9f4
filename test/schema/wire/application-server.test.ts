import { expect, test } from 'vitest'
import { applicationServerName } from '../../../schema/wire/application-server.ts'

test.each(['https://x', 'https://x/', 'HTTPS://X', 'https://x:443', 'https://X:443/'])(
  '%s is the application server https://x',
  (text) => {
    expect(applicationServerName(text)).toBe('https://x')
  },
)

test.each([
  'https://x/app',
  'https://x/?',
  'https://x/#a',
  'https://u@x/',
  'x.example',
  'ftp://x/',
  'urn:x',
  ' https://x',
])('%s is no origin, and stays as it is', (text) => {
  expect(applicationServerName(text)).toBe(text)
})

test('an origin of another port or scheme is another one', () => {
  expect(applicationServerName('http://x')).toBe('http://x')
  expect(applicationServerName('https://x:8443/')).toBe('https://x:8443')
})
