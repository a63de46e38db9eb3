// How tools come onto the machine while two suites ask for them at once.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { root, run } from '../../scripts/lib/run.mjs'

test('what two suites ask for at once is installed once, and nothing beside it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-commands-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  // A rustup that takes its time, and notes when it begins and ends.
  const program = `#!/bin/sh
cd '${folder}'
touch targets
if [ "$2" = list ]; then cat targets; exit; fi
echo "begin $3" >> log
sleep 0.3
echo "$3" >> targets
echo "end $3" >> log
`
  await writeFile(join(folder, 'rustup'), program, { mode: 0o755 })
  const script = `
    import { rustTarget } from '${join(root, 'scripts/tools.mjs')}'
    await Promise.all(['one', 'two', 'one'].map((target) => rustTarget(target)))`
  const env = { PATH: `${folder}:${process.env.PATH}` }
  await run(process.execPath, ['--input-type=module', '-e', script], { env })
  assert.deepEqual((await readFile(join(folder, 'log'), 'utf8')).trim().split('\n'), [
    'begin one',
    'end one',
    'begin two',
    'end two',
  ])
})
