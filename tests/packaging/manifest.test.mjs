/** What the tools of the trade say of the tarball. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'

import { API_REPORT, apiReport, attw, publint } from './lib/tools.mjs'

test('publint finds nothing, not even to suggest', async () => {
  assert.match(await publint(), /All good!/)
})

test('the types are not wrong', async () => {
  // It ends with an error where it finds one; this is that it looked.
  const said = await attw()
  for (const entry of ['kube-watchlist', 'kube-watchlist/inline'])
    assert.match(said, new RegExp(`"${entry}"\\n\\nnode16 \\(from ESM\\): 🟢`))
})

test('the public API is the one in the report: npm run api writes it anew', async () => {
  assert.equal(await apiReport(), await readFile(API_REPORT, 'utf8'))
})
