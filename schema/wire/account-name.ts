const accountName = /^[a-z0-9][a-z0-9._@-]{2,63}$/

/** 3 to 64 of a-z, 0-9, '.', '_', '-', '@', starting with a letter or digit. */
export function isAccountName(text: string): boolean {
  return accountName.test(text)
}
