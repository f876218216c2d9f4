import { fileURLToPath } from 'node:url'
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
} from '@microsoft/api-extractor'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** An export of a package under one name. */
export interface ApiEntry {
  readonly name: string
  readonly folder: 'client' | 'server'
  /** The declaration file that `tsc -b` writes, without its ending, from the root. */
  readonly declarations: string
  /** The name of its declaration file in the package's dist/ and, as `NAME.api.md`, of its report in docs/api/. */
  readonly file: string
}

export const apiEntries: readonly ApiEntry[] = [
  { name: 'claviger', folder: 'client', declarations: 'dist/client/index', file: 'claviger' },
  { name: 'claviger/node', folder: 'client', declarations: 'dist/client/node/index', file: 'claviger-node' },
  {
    name: 'claviger/verifier',
    folder: 'client',
    declarations: 'dist/client/verifier',
    file: 'claviger-verifier',
  },
  { name: 'claviger/urql', folder: 'client', declarations: 'dist/client/urql', file: 'claviger-urql' },
  { name: 'claviger/react', folder: 'client', declarations: 'dist/client/react', file: 'claviger-react' },
  { name: 'claviger/schema', folder: 'client', declarations: 'dist/client/schema', file: 'claviger-schema' },
  { name: '@claviger/server', folder: 'server', declarations: 'dist/server/index', file: 'claviger-server' },
]

/** The use of the declarations: a report that is compared, or written, or one declaration file for each entry. */
type Purpose = 'check' | 'report' | 'declarations'

/**
 * Reads the declarations of entries, all with one compiler, and compares their reports (`check`), writes them (`report`), or
 * writes one declaration file for each (`declarations`).
 *
 * @returns what is wrong, a line each: a type that a public signature mentions and nobody can import, or a report that
 *   is not that of the code
 */
export function extractApi(entries: readonly ApiEntry[], purpose: Purpose): string[] {
  const files = entries.map(({ declarations }) => `${root}${declarations}.d.ts`)
  const extractions = entries.map((entry) => ({ entry, config: configOf(entry, { purpose, files }) }))
  const [first] = extractions
  if (first === undefined) return []
  const compilerState = CompilerState.create(first.config, { additionalEntryPoints: files })
  return extractions.flatMap(({ entry: { name, file }, config }) => {
    const problems: string[] = []
    const { apiReportChanged } = Extractor.invoke(config, {
      compilerState,
      localBuild: purpose === 'report',
      messageCallback: (message: ExtractorMessage) => {
        message.handled = true
        if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.text)
      },
    })
    if (purpose === 'check' && apiReportChanged) {
      problems.push(
        `docs/api/${file}.api.md is not what the code exports: look at it, then run "npm run api".`,
      )
    }
    return problems.map((problem) => `${name}: ${problem}`)
  })
}

function configOf(
  { declarations, folder, file }: ApiEntry,
  { purpose, files }: { readonly purpose: Purpose; readonly files: readonly string[] },
): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: `${root}${folder}/package.json`,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: `${root}${declarations}.d.ts`,
      compiler: { overrideTsconfig: { compilerOptions, files } },
      apiReport: {
        enabled: purpose !== 'declarations',
        reportFileName: `${file}.api.md`,
        reportFolder: `${root}docs/api/`,
        reportTempFolder: `${root}dist/api/`,
      },
      dtsRollup: {
        enabled: purpose === 'declarations',
        untrimmedFilePath: `${root}${folder}/dist/${file}.d.ts`,
      },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.Error },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  })
}

const compilerOptions = {
  target: 'es2024',
  lib: ['es2024', 'esnext.array', 'dom', 'dom.iterable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
}
