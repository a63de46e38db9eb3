// What `npm test` says of a suite whose tools are missing: that it did not run, and the command that installs them.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { root, run } from '../../scripts/lib/run.mjs'
import { crates, MissingTool, missing } from '../../scripts/tools.mjs'

const fails = (script) => run(process.execPath, ['-e', script]).catch((error) => error)

test('an error tells what is missing', async () => {
  assert.match(missing(new MissingTool('go', 'apt-get install golang')), /^go is missing; .*apt-get install golang$/)
  const told = await fails("console.log('did not run: it is missing'); process.exit(3)")
  assert.equal(told.code, 3)
  assert.equal(missing(told), 'it is missing')
  for (const other of ["console.log('did not run: no'); process.exit(1)", 'process.exit(3)']) {
    assert.equal(missing(await fails(other)), undefined)
  }
  assert.equal(missing(new TypeError('a bug')), undefined)
})

test('without the nightly toolchain, where it cannot be installed, the fuzz suite names the command', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-commands-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const program = async (path, text) => {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  }
  await program('bin/rustup', '[ "$2" = list ] && echo stable-x86_64-unknown-linux-gnu')
  const { crate, version } = crates['cargo-fuzz']
  await program(`cache/kube-watchlist/tools/${crate}-${version()}/bin/${crate}`, 'exit 1')
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, XDG_CACHE_HOME: join(folder, 'cache') }
  const command = 'rustup toolchain install nightly --profile minimal'
  const suite = await run(process.execPath, [join(root, 'scripts/test.mjs'), 'fuzz'], { env })
  assert.match(suite, new RegExp(`fuzz +0 .*DID NOT RUN: the nightly Rust toolchain is missing; .*${command}`))
  const strict = await run(process.execPath, [join(root, 'scripts/test.mjs'), 'fuzz', '--strict'], { env }).catch(
    (error) => error,
  )
  assert.equal(strict.code, 3)
  const alone = await run(process.execPath, [join(root, 'scripts/fuzz.mjs')], { env }).catch((error) => error)
  assert.equal(alone.code, 3)
  assert.match(alone.output, new RegExp(`^did not run: .*${command}$`, 'm'))
})

test('without Go, the suites of real API servers name it, and so does npm start -- --apiserver', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-commands-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  // A program that is found before the real one, and is none.
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin/go'), '#!/bin/sh\nexit 127\n', { mode: 0o755 })
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, XDG_CACHE_HOME: join(folder, 'cache') }
  const said = await run(process.execPath, [join(root, 'scripts/test.mjs'), 'live', 'apiserver'], { env })
  for (const suite of ['live', 'apiserver']) {
    assert.match(said, new RegExp(`^${suite} +0 .*DID NOT RUN: go is missing; .*https://go.dev/doc/install`, 'm'))
  }
  assert.match(said, /^did not run: live, apiserver$/m)
  const strict = await run(process.execPath, [join(root, 'scripts/test.mjs'), 'live', '--strict'], { env }).catch(
    (error) => error,
  )
  assert.equal(strict.code, 3)
  const demo = await run(process.execPath, [join(root, 'scripts/start.mjs'), '--apiserver'], { env }).catch(
    (error) => error,
  )
  assert.equal(demo.code, 1)
  assert.match(demo.output, /^go is missing; .*https:\/\/go.dev\/doc\/install/m)
})
