// How tools and servers come onto the machine while two suites ask for them at once.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { root, run } from '../../scripts/lib/run.mjs'

/** Runs a script with a program of its own on the path, in an empty folder; resolves to the lines that the program noted in `log`. */
async function withProgram(t, name, program, script) {
  const folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-commands-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, name), `#!/bin/sh\nhere='${folder}'\n${program}`, { mode: 0o755 })
  const env = { PATH: `${folder}:${process.env.PATH}`, XDG_CACHE_HOME: folder }
  await run(process.execPath, ['--input-type=module', '-e', script], { env })
  return (await readFile(join(folder, 'log'), 'utf8')).trim().split('\n')
}

test('what two suites ask for at once is installed once, and nothing beside it', async (t) => {
  // A rustup that takes its time, and notes when it begins and ends.
  const rustup = `
cd "$here"
touch targets
if [ "$2" = list ]; then cat targets; exit; fi
echo "begin $3" >> log
sleep 0.3
echo "$3" >> targets
echo "end $3" >> log
`
  const script = `
    import { rustTarget } from '${join(root, 'scripts/tools.mjs')}'
    await Promise.all(['one', 'two', 'one'].map((target) => rustTarget(target)))`
  const log = await withProgram(t, 'rustup', rustup, script)
  assert.deepEqual(log, ['begin one', 'end one', 'begin two', 'end two'])
})

test('a real API server is built once, however many suites ask for it', async (t) => {
  const go = `
case "$1" in
  version) echo 'go version go1.26.0 linux/amd64' ;;
  mod) echo 'go 1.26' > "$here/go.mod"; echo "{ \\"GoMod\\": \\"$here/go.mod\\" }" ;;
  build) echo build >> "$here/log"; sleep 0.3; touch program ;;
esac
`
  const script = `
    import { build } from '${join(root, 'scripts/apiserver.mjs')}'
    const [one, other] = await Promise.all(['1.37', '1.37'].map((name) => build(name)))
    if (one !== other) throw new Error(one + ' is not ' + other)`
  assert.deepEqual(await withProgram(t, 'go', go, script), ['build'])
})
