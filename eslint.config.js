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

/** Reading the environment anywhere but in server/config.ts makes a setting that nobody finds. */
const noEnvironment = [
  'error',
  { object: 'process', property: 'env', message: 'server/config.ts is the only reader of the environment.' },
]

/** `from` may not import what lies in these folders, at any depth and under the package's own name. */
function noImport(folders, message) {
  return ['error', { patterns: [{ regex: `^(\\.{1,2}/)+(${folders})(/|$)`, message }] }]
}

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'schema/migrations/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Drizzle's queries are thenables, not promises: one that nobody awaits never runs. test/workshop/lint.test.ts
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
      // schema/graphql/context.ts names such a type, on purpose.
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      // A method may be asynchronous because its port is.
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': ['error', ...houseStyle],
      'no-console': 'error',
      eqeqeq: 'error',
      'object-shorthand': 'error',
      'prefer-template': 'error',
    },
  },
  {
    files: ['schema/**/*.ts'],
    rules: {
      'no-restricted-imports': noImport(
        'server|client|test',
        'schema/ is the contract: it imports nothing of ours.',
      ),
      'no-restricted-properties': noEnvironment,
    },
  },
  {
    files: ['server/**/*.ts'],
    rules: {
      'no-restricted-imports': noImport(
        'client|test',
        'Code that can unwrap exists only in client/, out of reach of the server.',
      ),
    },
  },
  {
    files: ['server/**/*.ts'],
    ignores: ['server/config.ts'],
    rules: { 'no-restricted-properties': noEnvironment },
  },
  {
    files: ['client/**/*.ts'],
    rules: {
      'no-restricted-imports': noImport('server|test', 'The client knows the server by schema/ alone.'),
    },
  },
  {
    files: ['client/**/*.ts'],
    ignores: ['client/cli/**'],
    rules: { 'no-restricted-properties': noEnvironment },
  },
  { files: ['client/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['*.config.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...houseStyle.filter(({ selector }) => selector !== 'ExportDefaultDeclaration'),
      ],
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly' } },
  },
)
