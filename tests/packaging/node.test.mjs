/** A script for Node, which has no page, no frames and a `fetch` that reads no files: it watches, and ends by itself. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

import { startApi } from './lib/driver.mjs'
import { freshApp } from './lib/packed.mjs'

test('a script for Node: rows, then live, then no reason to stay', { timeout: 60_000 }, async (t) => {
  const api = await startApi(t)
  const { rows } = await api.control('GET', 'state?path=/api/v1/pods')
  const script = spawn(process.execPath, ['main.mjs', api.url], { cwd: await freshApp('node') })
  t.after(() => script.kill())
  let complaints = ''
  script.stderr.on('data', (text) => (complaints += text))
  const ended = new Promise((resolve) => script.once('exit', resolve))

  const said = []
  for await (const line of createInterface(script.stdout)) {
    said.push(line)
    if (said.length === 1)
      await api.control('POST', 'mutate', { op: 'create', resource: 'pods', namespace: 'shop', name: 'born-live' })
  }
  assert.deepEqual([await ended, complaints], [0, ''])
  assert.deepEqual(JSON.parse(said[0] ?? '[]'), rows.map(({ name }) => name).sort())
  assert.deepEqual(said.slice(1), ['born-live', 'closed'])
})
