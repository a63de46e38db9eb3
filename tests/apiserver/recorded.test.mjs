// What was recorded from real API servers is what the cases say of them: this needs neither Go nor a server.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { root } from '../../scripts/lib/run.mjs'
import { cases } from './cases/index.mjs'
import { decode, encode } from './lib/recording.mjs'
import { judge } from './lib/run.mjs'
import { settings } from './lib/settings.mjs'
import { checkInvariants } from './lib/shape.mjs'

const streams = join(root, 'tests/streams')

for (const { name, recorded, dialect } of settings) {
  if (!recorded) continue
  describe(`recorded from ${name}`, () => {
    for (const testCase of cases) {
      const file = join(streams, recorded, `${testCase.name}.http`)
      if (existsSync(file)) it(testCase.name, () => judge(testCase, dialect, decode(readFileSync(file))))
    }
  })
}

describe('recordings', () => {
  it('keep what every exchange keeps', () => {
    const files = readdirSync(streams, { recursive: true }).filter((name) => name.endsWith('.http'))
    assert.ok(files.length > 150)
    for (const file of files) checkInvariants(decode(readFileSync(join(streams, file))))
  })

  it('read back as they were written', () => {
    const bytes = readFileSync(join(streams, '1.37/pods-watchlist-table.http'))
    const again = decode(encode(decode(bytes), 'a test'))
    assert.deepEqual(again.bytes(), decode(bytes).bytes())
    assert.equal(again.request.headers['Recorded-From'], 'a test')
    assert.deepEqual(again.rawHeaders, decode(bytes).rawHeaders)
  })
})
