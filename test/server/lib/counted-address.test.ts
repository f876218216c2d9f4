import { expect, test } from 'vitest'
import { countedAddress } from '../../../server/lib/counted-address.ts'

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['', ''],
])('the address %s is counted as %s', (address, counted) => {
  expect(countedAddress(address)).toBe(counted)
})
