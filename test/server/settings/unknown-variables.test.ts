import { expect, test } from 'vitest'
import { findConfigWarnings } from '../../../server/config.ts'
import { settingVariables } from '../../../server/settings/settings.ts'

test.each([
  ['PUBLIC_URLS', 'PUBLIC_URL'],
  ['DATABSE_URL', 'DATABASE_URL'],
  ['DATABASE_URI', 'DATABASE_URL'],
  ['DATABASE_ULR', 'DATABASE_URL'],
  ['PROT', 'PORT'],
  ['public_url', 'PUBLIC_URL'],
  ['SERVER_KEY_SECRETS_FILE', 'SERVER_KEY_SECRET_FILE'],
  ['CLAVIGER_PUBLIC_URL', 'PUBLIC_URL'],
  ['CLAVIGER_DATABSE_URL', 'DATABASE_URL'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['PUBLIC_URL_FILE', 'PUBLIC_URL'],
])('%s is named with %s, which is the nearest', (name, nearest) => {
  expect(findConfigWarnings({ [name]: 'hunter2' })).toEqual([
    `${name} is no setting of the key server: ${nearest} is the nearest`,
  ])
})

test('a variable with the prefix of the project that is near to nothing is named, and its value is not told', () => {
  expect(findConfigWarnings({ CLAVIGER_FROBNICATION: 'hunter2' })).toEqual([
    'CLAVIGER_FROBNICATION is no setting of the key server',
  ])
})

test('settings, variables of the command line for owners and those of other programs are not named', () => {
  const known = [...settingVariables, 'CLAVIGER_URL', 'CLAVIGER_KEYSTORE', 'CLAVIGER_NO_RECOVERY_WARNING']
  const others =
    'HOME HOSTNAME HOSTTYPE PATH PWD USER SHELL TERM LANG LC_ALL TZ TMPDIR EDITOR PAGER LOGNAME MAIL NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS PGHOST PGPORT PGUSER PGPASSWORD TEST_DATABASE_URL KUBERNETES_PORT KUBERNETES_SERVICE_HOST CLAVIGER_KEYSTORE DEBUG CI NO_COLOR COLORTERM npm_config_cache XDG_DATA_HOME XDG_CONFIG_HOME SSH_AUTH_SOCK DISPLAY INVOCATION_ID JOURNAL_STREAM STATE_DIRECTORY CREDENTIALS_DIRECTORY POSTGRES_PASSWORD'
  const environment = Object.fromEntries([...known, ...others.split(' ')].map((name) => [name, 'value']))
  expect(findConfigWarnings(environment)).toEqual([])
  expect(findConfigWarnings({ PUBLIC_URLS: '' })).toEqual([])
})
