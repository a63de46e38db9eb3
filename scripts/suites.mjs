// Every suite of `npm test`: what it needs and how it runs. Quick ones first, and of the others the longest; one that is `alone`
// has no other beside it.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build as buildApiServer, versions } from './apiserver.mjs'
import { counts } from './lib/counts.mjs'
import { buildFakeServer } from './lib/fake-server.mjs'
import { installed } from './lib/installs.mjs'
import { once } from './lib/once.mjs'
import { buildPage } from './lib/page.mjs'
import { root, run } from './lib/run.mjs'
import { headlessChromium, nightly, nodeModules, rustTarget, tool } from './tools.mjs'

const wasip1 = 'wasm32-wasip1'
// Node 20's concurrent marking crashes at exit after a WASI program whose memory has grown by some tens of MiB.
const runner = `node --no-warnings --single-threaded-gc ${join(root, 'scripts/lib/wasi-run.mjs')}`

/** The core: the sync machine with its views; the decoder and the store are packages of their own. */
const coreCrates = ['kube-watchlist', 'kube-watchlist-decode', 'kube-watchlist-store']
const core = coreCrates.flatMap((name) => ['-p', name])

/** Crates that would tie the core to a browser. */
const browserCrates = [
  'wasm-bindgen',
  'js-sys',
  'web-sys',
  'gloo-net',
  'wasm-bindgen-futures',
  'futures-executor',
  'tokio',
]

function tests(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.test.mjs') && !name.includes('node_modules'))
    .map((name) => join(root, folder, name))
}

/** Files of node:test, `atOnce` of them side by side. */
async function nodeTests(files, atOnce = 1) {
  const options = ['--test', '--test-reporter=spec', `--test-concurrency=${atOnce}`]
  return counts(await run(process.execPath, [...options, ...files]))
}

/** What a watch by a clock would call late where something else takes the CPU: a suite of its own. */
const timed = ['tests/client/smooth.test.mjs', 'tests/e2e/first.test.mjs'].map((name) => join(root, name))
const untimed = (folder) => tests(folder).filter((file) => !timed.includes(file))

/** Folders of the packaging suite with packages: installed before it, so that one that cannot be is a suite that did not run. */
function packagingFolders() {
  const folder = join(root, 'tests/packaging')
  const apps = readdirSync(join(folder, 'apps')).map((name) => join(folder, 'apps', name))
  return [...apps, join(folder, 'tools')].filter((path) => existsSync(join(path, 'package.json')))
}

async function checks(list) {
  let passed = 0
  for (const [name, check] of list) {
    const problem = await check()
    if (problem) throw new Error(`${name}: ${problem}`)
    passed += 1
  }
  return { passed, failed: 0, skipped: 0 }
}

async function coreOnWasm(flags) {
  await rustTarget(wasip1)
  const output = await run('cargo', ['test', '--locked', ...core, '--lib', '--tests', '--target', wasip1], {
    env: {
      CARGO_TARGET_WASM32_WASIP1_RUNNER: runner,
      CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS: flags,
      RUSTFLAGS: undefined,
    },
  })
  const result = counts(output)
  // Tests that expect a panic cannot run where a panic ends the program; the native run has them.
  const panics = (output.match(/- should panic \.\.\. ignored/g) ?? []).length
  return { ...result, skipped: result.skipped - panics }
}

/** The package, once for all suites. */
const build = once(async () => {
  await nodeModules()
  await run(process.execPath, ['scripts/build.mjs'])
})

/** The package and the demo page, once for all suites. */
const buildDemo = once(async () => {
  await build()
  await buildPage()
})

/** Real API servers, and the fake by the same cases. */
async function againstApiServers() {
  for (const version of Object.keys(versions)) await buildApiServer(version)
  await buildFakeServer()
  return nodeTests(tests('tests/apiserver'), 3)
}

/** Tests that drive Chromium against the fake API server. */
async function inChromium(files, atOnce) {
  await tool('chromium')
  await headlessChromium()
  await build()
  await buildFakeServer()
  return nodeTests(files, atOnce)
}

/** Named here so that a missing one is known before the suite starts. */
const drivers = { chrome: ['chromium', 'chromedriver'], firefox: ['firefox', 'geckodriver'] }

async function browser(name) {
  for (const needed of [...drivers[name], 'wasm-pack', 'wasm-bindgen-test-runner']) await tool(needed)
  await rustTarget('wasm32-unknown-unknown')
  await buildFakeServer()
  return counts(await run(process.execPath, ['tests/browser/run.mjs', name]))
}

export const suites = [
  {
    name: 'layers',
    about: 'the core names no browser crate',
    run: () =>
      checks([
        [
          'dependency tree of the core',
          async () => {
            const tree = await run('cargo', [
              'tree',
              '--locked',
              ...core,
              '-e',
              'normal',
              '--prefix',
              'none',
              '--target',
              'all',
            ])
            const names = new Set(tree.split('\n').map((line) => line.split(' ')[0]))
            if (!coreCrates.every((name) => names.has(name))) return 'cargo tree printed no tree'
            const bad = browserCrates.filter((crate) => names.has(crate))
            return bad.length > 0 ? bad.join(', ') : undefined
          },
        ],
      ]),
  },
  {
    name: 'native',
    about: 'Rust: core, fake API server, and what of the driver needs no browser',
    run: async () =>
      counts(
        (await run('cargo', ['test', '--locked', ...core, '-p', 'fake-apiserver'])) +
          (await run('cargo', ['test', '--locked', '-p', 'kube-watchlist-wasm', '--lib'])),
      ),
  },
  { name: 'wasm32', about: 'the core on a 32-bit machine, scalar', run: () => coreOnWasm('') },
  {
    name: 'wasm32-simd',
    about: 'the core on a 32-bit machine, simd128',
    run: () => coreOnWasm('-Ctarget-feature=+simd128'),
  },
  {
    name: 'panics',
    about: 'no panicking code in frame, json, event and status',
    run: async () => counts(await run(process.execPath, ['scripts/check-panics.mjs'])),
  },
  {
    name: 'fuzz',
    about: 'each fuzz target for some seconds',
    run: async () => {
      await tool('cargo-fuzz')
      await nightly()
      return counts(await run(process.execPath, ['scripts/fuzz.mjs']))
    },
  },
  {
    name: 'js',
    about: 'the package without a browser',
    run: async () => {
      await build()
      return nodeTests(tests('js/test'))
    },
  },
  {
    name: 'recordings',
    about: 'what real API servers said, and what the cases say of it',
    run: () => nodeTests([join(root, 'tests/apiserver/recorded.test.mjs')]),
  },
  {
    name: 'commands',
    about: 'npm start from the command line to the page, and what npm test says of a missing tool',
    run: async () => {
      await buildDemo()
      await buildFakeServer()
      return nodeTests(tests('tests/commands'))
    },
  },
  {
    name: 'proxy',
    about: 'the read-only proxy',
    run: async () => {
      await nodeModules()
      await tool('openssl')
      return nodeTests(tests('tests/proxy'))
    },
  },
  {
    name: 'chrome',
    about: 'the driver in headless Chromium',
    run: () => browser('chrome'),
  },
  {
    name: 'firefox',
    about: 'the driver in headless Firefox',
    run: () => browser('firefox'),
  },
  {
    name: 'timed',
    about: 'what has to come in time, in Chromium: smoothness, the first rows',
    alone: true,
    run: async () => {
      await buildDemo()
      return inChromium(timed)
    },
  },
  {
    name: 'live',
    about: 'the package in Chromium, Firefox and WebKitGTK before real kube-apiservers, and the demo before one',
    run: async () => {
      // Named here so that a missing one is known before the suite starts.
      for (const version of Object.keys(versions)) await buildApiServer(version)
      for (const needed of [
        'chromium',
        'chromedriver',
        'firefox',
        'geckodriver',
        'WebKitWebDriver',
        'MiniBrowser',
        'Xvfb',
      ])
        await tool(needed)
      await build()
      // Each file has two browsers and their servers at a time.
      return nodeTests(tests('tests/real'), 2)
    },
  },
  {
    name: 'client',
    about: 'the package in Chromium: requests, lifetimes, survival, memory, notifications, privacy',
    run: () => inChromium(untimed('tests/client'), 3),
  },
  {
    name: 'e2e',
    about: 'the demo page in Chromium, every profile and fault',
    run: async () => {
      await buildDemo()
      return inChromium(untimed('tests/e2e'), 6)
    },
  },
  {
    name: 'apiserver',
    about: 'real kube-apiservers, and the fake by the same cases',
    run: againstApiServers,
  },
  {
    name: 'packaging',
    about:
      'the packed tarball: what tools and compilers say of it, and in fresh apps, each built by its own tools and live in Chromium',
    run: async () => {
      for (const folder of packagingFolders()) await installed(folder)
      return inChromium(tests('tests/packaging'))
    },
  },
]
