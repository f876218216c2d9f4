import { useState } from 'react'
import { isAccountName } from '../../../../schema/wire/account-name.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { fixedKeyServer, readMode } from '../../session/mode.ts'
import { TextField } from '../../ui/field.tsx'
import { welcomeMessages as m } from './welcome.messages.ts'

/** Which account at which key server. */
export interface AccountAddress {
  readonly url: string
  readonly owner: string
}

const fixedUrl = fixedKeyServer(readMode())

export const noAddress: AccountAddress = { url: fixedUrl ?? '', owner: '' }

export function isAddressComplete({ url, owner }: AccountAddress): boolean {
  return isAccountName(owner) && URL.canParse(url)
}

/** The account's name and, where the page is not the key server's own, the key server. */
export function AccountFields({
  address,
  onChange,
  error,
}: {
  readonly address: AccountAddress
  readonly onChange: (address: AccountAddress) => void
  readonly error?: string | null
}) {
  const { t } = useTranslator()
  const [wasLeft, setLeft] = useState(false)
  const isWrong = wasLeft && address.owner !== '' && !isAccountName(address.owner)
  return (
    <>
      {fixedUrl === null && (
        <TextField
          label={t(m.server)}
          help={t(m.serverHelp)}
          type="url"
          value={address.url}
          onChange={(url) => {
            onChange({ ...address, url: url.trim() })
          }}
        />
      )}
      <div
        onBlur={() => {
          setLeft(true)
        }}
      >
        <TextField
          label={t(m.name)}
          help={t(m.nameHelp)}
          value={address.owner}
          error={error ?? (isWrong ? t(m.nameInvalid) : null)}
          autoComplete="username"
          autoFocus
          onChange={(owner) => {
            onChange({ ...address, owner: owner.trim().toLowerCase() })
          }}
        />
      </div>
    </>
  )
}
