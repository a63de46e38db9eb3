/** What judges a package: each tool of `tools/package.json`, run on the tarball or on what is in it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { installed } from '../../../scripts/lib/installs.mjs'
import { root, run } from '../../../scripts/lib/run.mjs'
import { packed, temporary, unpack } from './packed.mjs'

const folder = join(root, 'tests/packaging/tools')

/** Runs the script of a tool; what it has to say is in the error that this throws. */
async function judge(script, args, options) {
  return run(process.execPath, [join(await installed(folder), 'node_modules', script), ...args], options)
}

/** publint: the manifest's entries are what bundlers and Node take them for. */
export async function publint() {
  return judge('publint/src/cli.js', ['run', (await packed()).path, '--strict'])
}

/** Are the types wrong: what declarations say is what each way of looking for modules finds. */
export async function attw() {
  const args = ['--profile', 'esm-only', '--exclude-entrypoints', 'kube_watchlist_bg.wasm']
  return judge('@arethetypeswrong/cli/dist/index.js', [(await packed()).path, ...args])
}

/** Where the report of the public API is kept. `npm run api` writes it anew. */
export const API_REPORT = join(root, 'js/kube-watchlist.api.md')

/** The public API as its declarations in the tarball have it, as text. */
export async function apiReport() {
  // Not below node_modules, where the tool takes every file for somebody else's.
  const app = await temporary(tmpdir())
  const project = join(app, 'package')
  await unpack(project)
  await mkdir(join(app, 'report'))
  const config = {
    projectFolder: project,
    mainEntryPointFilePath: join(project, 'dist/index.d.ts'),
    compiler: {
      overrideTsconfig: { compilerOptions: { strict: true, lib: ['es2022', 'dom'] }, files: ['dist/index.d.ts'] },
    },
    apiReport: { enabled: true, reportFileName: 'report', reportFolder: app, reportTempFolder: join(app, 'report') },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: { logLevel: 'error' } },
      extractorMessageReporting: { default: { logLevel: 'error' }, 'ae-missing-release-tag': { logLevel: 'none' } },
      tsdocMessageReporting: { default: { logLevel: 'none' } },
    },
  }
  const path = join(project, 'api-extractor.json')
  await writeFile(path, JSON.stringify(config))
  await judge('@microsoft/api-extractor/bin/api-extractor', ['run', '--local', '--config', path])
  return readFile(join(app, 'report', 'report.api.md'), 'utf8')
}
