/**
 * Runs the browser suite of `wasm/` against fake-apiserver.
 *
 *     node tests/browser/run.mjs chrome
 *     node tests/browser/run.mjs firefox
 *
 * `WASM_PACK` and `WEBDRIVER` name the programs where they are not in PATH. A suite that ran no test is red: wasm-pack exits with 0
 * when it finds none, and silently leaves out tests that do not say `run_in_browser`.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { counts } from '../../scripts/lib/counts.mjs'
import { buildFakeServer, spawnFakeServer } from '../../scripts/lib/fake-server.mjs'
import { tool } from '../../scripts/tools.mjs'

const root = join(import.meta.dirname, '..', '..')
const DRIVERS = { chrome: 'chromedriver', firefox: 'geckodriver' }

const browser = process.argv[2]
if (!(browser in DRIVERS)) throw new Error(`which browser? ${Object.keys(DRIVERS).join(' or ')}`)

const driver = DRIVERS[browser]
const pack = await tool('wasm-pack')
const webdriver = await tool(driver)
const runner = dirname(await tool('wasm-bindgen-test-runner'))

const api = await spawnFakeServer(await buildFakeServer(), { pods: 30_000, cors: '*' })
try {
  const output = await wasmPack()
  const { passed, failed, skipped } = counts(output)
  const written = readFileSync(join(root, 'wasm/tests/browser.rs'), 'utf8').match(/#\[wasm_bindgen_test\]/g).length
  if (passed !== written || failed > 0 || skipped > 0) {
    throw new Error(`${written} tests are written; ${passed} passed, ${failed} failed, ${skipped} were skipped`)
  }
} finally {
  await api.stop()
}

function wasmPack() {
  // Not `wasm-pack test wasm -- --test browser`: what stands behind the dashes would not reach the runner's mode.
  const argv = [
    'test',
    '--headless',
    `--${browser}`,
    `--${driver}`,
    webdriver,
    '--mode',
    'no-install',
    'wasm',
    '--test',
    'browser',
    '--locked',
  ]
  const child = spawn(pack, argv, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      KUBE_WATCHLIST_TEST_API: api.url,
      // As it is shipped. Flags of the environment would silently take their place.
      CARGO_ENCODED_RUSTFLAGS: '-Ctarget-feature=+simd128',
      WASM_BINDGEN_TEST_TIMEOUT: '120',
      PATH: `${runner}:${process.env.PATH}`,
    },
  })
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout.on('data', (bytes) => {
      output += bytes
      process.stdout.write(bytes)
    })
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`wasm-pack ended with ${code}`))))
  })
}
