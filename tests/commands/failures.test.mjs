// What `npm test` says of a suite that failed: which tests, and how many beside them passed.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { counts, failures } from '../../scripts/lib/counts.mjs'
import { run } from '../../scripts/lib/run.mjs'

test('tests of node that failed are named, each once, and the others counted', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-commands-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.test.mjs')
  await writeFile(
    file,
    `import assert from 'node:assert/strict'; import { test } from 'node:test'
test('right', () => {})
test('wrong (in two ways)', () => { throw new Error('no') })
test('outer', (t) => t.test('inner', () => { throw new Error('inside') }))
test('unequal', () => { assert.deepEqual([1, 2], [2]) })
`,
  )
  // As a suite runs it: a test process of its own, which this one is no parent of.
  const env = { NODE_TEST_CONTEXT: undefined }
  const files = Array.from({ length: 20 }, () => file)
  const error = await run(process.execPath, ['--test', '--test-reporter=spec', ...files], { env }).catch(
    (error) => error,
  )
  const found = failures(error.output)
  assert.deepEqual(
    found.map(({ name }) => name),
    ['wrong (in two ways)', 'inner', 'outer', 'unequal'],
  )
  const [wrong, inner, , unequal] = found.map(({ reason }) => reason.join('\n'))
  assert.match(wrong, /^Error: no\nat .*a\.test\.mjs:3:/)
  assert.match(unequal, /^AssertionError .*\n\+ actual - expected\n[\s\S]*\+ {3}1[\s\S]*a\.test\.mjs:5:/)
  assert.match(inner, /^Error: inside\nat .*a\.test\.mjs:4:/)
  const { passed, failed } = counts(error.output)
  assert.ok(passed > 0 && failed >= 2, `${passed} passed, ${failed} failed`)
  assert.match(error.message, /… ended with 1$/)
  assert.ok(error.message.length < 200, error.message)
})

test('tests of cargo that failed are named', () => {
  const output = `test a::right ... ok
test a::wrong ... FAILED

failures:

---- a::wrong stdout ----

thread 'a::wrong' (1) panicked at src/a.rs:2:5:
no

failures:
    a::wrong

test result: FAILED. 1 passed; 1 failed; 0 ignored;`
  const reason = ["thread 'a::wrong' (1) panicked at src/a.rs:2:5:", 'no']
  assert.deepEqual(failures(output), [{ name: 'a::wrong', reason }])
  assert.deepEqual(counts(output), { passed: 1, failed: 1, skipped: 0 })
})

test('tests of wasm-bindgen-test that failed are named', () => {
  const output = `test a::wrong ... FAIL
test b::right ... ok

failures:

---- a::wrong output ----
    error output:
        panicked at tests/a.rs:2:5:
        no

failures:

    a::wrong

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 filtered out; finished in 0.02s`
  assert.deepEqual(failures(output), [
    { name: 'a::wrong', reason: ['error output:', 'panicked at tests/a.rs:2:5:', 'no'] },
  ])
})
