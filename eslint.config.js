import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** The house style that a syntax tree shows. */
const houseStyle = [
  {
    selector: 'TSEnumDeclaration',
    message: 'No enums: a union over a const array says the same to Node and to TypeScript.',
  },
  { selector: 'ExportDefaultDeclaration', message: 'No default exports but where a tool asks for one.' },
  { selector: 'ExportAllDeclaration', message: 'The public surface is listed by hand.' },
]

/** The globals of plain JavaScript files, which no compiler checks. */
const nodeGlobals = ['Buffer', 'URL', 'console', 'crypto', 'fetch', 'process']

/** Reading the environment anywhere but in server/config.ts makes a setting that nobody finds. */
const noEnvironment = [
  'error',
  { object: 'process', property: 'env', message: 'server/config.ts is the only reader of the environment.' },
]

/**
 * Which folders, and which of our packages by name, may not be imported. Project references refuse the same at
 * compile time, and here the refusal says why.
 */
function noImport({ folders, names, because, paths = [] }) {
  const regex = `^(?:(?:\\.{1,2}/)+(?:${folders})(?:/|$)|(?:${names})$)`
  return [
    'error',
    {
      paths: [{ name: 'node:process', importNames: ['env'], message: noEnvironment[1].message }, ...paths],
      patterns: [{ regex, message: because }],
    },
  ]
}

export default defineConfig(
  globalIgnores(['**/dist/', 'coverage/', 'schema/migrations/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Drizzle's queries are thenables, not promises: one that nobody awaits never runs. test/tooling/lint.test.ts
      // holds this rule to it.
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // The tests of alphabets iterate over a string's code points.
      '@typescript-eslint/no-misused-spread': [
        'error',
        { allow: [{ from: 'lib', name: 'string' }, 'string'] },
      ],
      // schema/graphql/context.ts names such a type, on purpose.
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      // A method may be asynchronous because its port is.
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': ['error', ...houseStyle],
      'no-console': 'error',
      'max-lines': ['error', 400],
      eqeqeq: 'error',
      'object-shorthand': 'error',
      'prefer-template': 'error',
    },
  },
  {
    // Printed by `npm run schema`.
    files: ['client/schema.ts'],
    rules: { 'max-lines': 'off', '@typescript-eslint/consistent-type-definitions': 'off' },
  },
  {
    // Longer than the others may be. Split them, and take them off this list.
    files: [
      'test/client/verifier/authenticate.test.ts',
      'test/client/verifier/middleware.test.ts',
      'test/client/verifier/proofs/certificates.test.ts',
      'test/client/verifier/verification-service.test.ts',
    ],
    rules: { 'max-lines': 'off' },
  },
  {
    files: ['schema/**/*.ts'],
    rules: {
      'no-restricted-imports': noImport({
        folders: 'server|client|test',
        names: '@?claviger(?:/.+)?',
        because: 'schema/ is the contract: it imports neither end.',
      }),
      'no-restricted-properties': noEnvironment,
    },
  },
  {
    files: ['server/**/*.ts'],
    rules: {
      'no-restricted-imports': noImport({
        folders: 'client|test',
        names: 'claviger(?:/.+)?',
        because: 'Code that can unwrap exists only in client/, out of reach of the server.',
        paths: ['node:dns', 'node:dns/promises'].map((name) => ({
          name,
          importNames: ['lookup'],
          message:
            "getaddrinfo holds a thread until a stranger's name server answers: use resolveName of server/outbound/.",
        })),
      }),
    },
  },
  {
    files: ['server/**/*.ts'],
    ignores: ['server/config.ts'],
    rules: { 'no-restricted-properties': noEnvironment },
  },
  {
    files: ['client/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': noImport({
        folders: 'server|test',
        names: '@claviger/server',
        because: 'The client knows the server by schema/ alone.',
      }),
    },
  },
  {
    files: ['client/**/*.ts'],
    ignores: ['client/cli/**'],
    rules: { 'no-restricted-properties': noEnvironment },
  },
  { files: ['client/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    // React takes handlers that return promises; the examples show them as people write them.
    files: ['examples/**/*.tsx'],
    rules: {
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    // A test asserts on received values member by member: the assertion is the parser.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['**/*.config.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...houseStyle.filter(({ selector }) => selector !== 'ExportDefaultDeclaration'),
      ],
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: Object.fromEntries(nodeGlobals.map((name) => [name, 'readonly'])) },
  },
)
