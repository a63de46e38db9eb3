/** The declarations in the tarball, as every TypeScript reads them that users may have: the oldest of these is the oldest supported. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'

import { installed } from '../../scripts/lib/installs.mjs'
import { root, run } from '../../scripts/lib/run.mjs'
import { temporary, unpack } from './lib/packed.mjs'

const tools = join(root, 'tests/packaging/tools')
const { dependencies } = JSON.parse(readFileSync(join(tools, 'package.json'), 'utf8'))
const compilers = Object.keys(dependencies).filter((name) => name.startsWith('typescript-'))

/** By how modules are looked for. */
const modules = {
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
}
const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'es2022',
  lib: ['es2022', 'dom', 'dom.iterable'],
  types: [],
}

describe('types', { concurrency: 2 }, () => {
  let app
  before(async () => {
    app = await temporary(await installed(tools))
    await cp(join(root, 'tests/packaging/types'), app, { recursive: true })
    await unpack(join(app, 'node_modules/kube-watchlist'))
    await writeFile(join(app, 'package.json'), '{ "type": "module" }')
    for (const [name, options] of Object.entries(modules)) {
      const config = { compilerOptions: { ...compilerOptions, ...options }, files: ['use.ts'] }
      await writeFile(join(app, `tsconfig.${name}.json`), JSON.stringify(config))
    }
  })

  for (const compiler of compilers) {
    it(compiler.replace('-', ' '), { timeout: 120_000 }, async () => {
      const tsc = join(app, '..', 'node_modules', compiler, 'bin/tsc')
      for (const name of Object.keys(modules))
        await run(process.execPath, [tsc, '--project', `tsconfig.${name}.json`], { cwd: app })
    })
  }

  it('there are compilers to ask', () => assert.ok(compilers.length >= 5))
})
