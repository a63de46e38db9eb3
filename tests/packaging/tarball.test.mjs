/** What is in the tarball. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { packed } from './lib/packed.mjs'

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'))

test('the tarball holds what its exports name, and nothing of the workshop', async () => {
  const { files } = await packed()
  const named = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  for (const path of named) assert.ok(files.includes(path.slice(2)), `${path} is not in the tarball`)
  for (const path of files)
    assert.match(path, /^(dist\/[\w.-]+\.(js|d\.ts|wasm)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/)
})

test('unpacking is all there is to installing it: no dependencies, no scripts of npm', () => {
  for (const key of ['dependencies', 'peerDependencies', 'optionalDependencies', 'bin'])
    assert.equal(manifest[key], undefined, key)
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
    assert.equal(manifest.scripts[name], undefined)
})
