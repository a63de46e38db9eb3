/**
 * Builds the package: Rust → wasm-bindgen → wasm-opt → TypeScript → dist/. Steps whose inputs did not change are skipped.
 *
 *     node scripts/build.mjs            build, and compare the size with the budget in package.json
 *     node scripts/build.mjs --only     build
 *     node scripts/build.mjs --sizes    and say which crate takes how much of the wasm
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

import { minifySync } from 'vite'

import { crateSizes } from './crate-sizes.mjs'
import { glueFactory, withShortNames } from './glue.mjs'
import { rustTarget, tool } from './tools.mjs'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const work = join(root, '.cache', 'build')
const stamps = join(work, 'stamps.json')

mkdirSync(dist, { recursive: true })
mkdirSync(work, { recursive: true })

await rustTarget('wasm32-unknown-unknown')
const cdylib = cargo()
const bindgen = await tool('wasm-bindgen')
const wasm = join(dist, 'kube_watchlist_bg.wasm')

await step('wasm', [cdylib, bindgen, ...scripts()], [wasm, join(dist, 'glue.js')], () => {
  run(bindgen, [
    '--target',
    'web',
    '--omit-default-module-path',
    '--out-dir',
    work,
    '--out-name',
    'kube_watchlist',
    cdylib,
  ])
  // Reads what the module uses from the module itself; the names of functions stay behind.
  wasmOpt([
    '-Oz',
    '--converge',
    // Tried one by one on this module: functions grouped by name repeat more for brotli, and fewer of them inlined into their
    // one caller stay alike; together 1.1 % of the module.
    '--one-caller-inline-max-function-size=20',
    '--reorder-functions-by-name',
    '--strip-producers',
    join(work, 'kube_watchlist_bg.wasm'),
    '-o',
    wasm,
  ])
  // By itself, since each round of `--converge` would give new names to the new ones.
  const names = JSON.parse(wasmOpt(['--minify-imports-and-exports-and-modules', wasm, '-o', wasm]))
  refuseMachinePaths(wasm)
  const glue = glueFactory(readFileSync(join(work, 'kube_watchlist.js'), 'utf8'))
  writeFileSync(join(dist, 'glue.js'), withShortNames(glue, names))
  minify(join(dist, 'glue.js'))
  writeFileSync(join(dist, 'wasm-base64.js'), `export const base64 = '${readFileSync(wasm).toString('base64')}'\n`)
})

await step(
  'js',
  [...files(join(root, 'js/src')), join(root, 'js/tsconfig.json'), join(work, 'kube_watchlist.d.ts'), ...scripts()],
  [join(dist, 'index.js'), join(dist, 'index.d.ts')],
  () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    agreeWithRust(tsc)
    for (const name of readdirSync(dist)) {
      if (!['kube_watchlist_bg.wasm', 'glue.js', 'wasm-base64.js'].includes(name))
        rmSync(join(dist, name), { recursive: true })
    }
    // Comments are for the declarations, where editors show them.
    run(process.execPath, [tsc, '-p', 'js', '--declaration', 'false', '--removeComments'])
    // Bundlers look for the expression in wasm.js exactly as it is written there.
    for (const name of scriptNames())
      if (!['glue.js', 'wasm.js', 'wasm-base64.js'].includes(name)) minify(join(dist, name))
    run(process.execPath, [tsc, '-p', 'js', '--emitDeclarationOnly'])
    for (const name of ['glue.d.ts', 'wasm-base64.d.ts']) copyFileSync(join(root, 'js/src', name), join(dist, name))
  },
)

// `npm start` builds only: a page over its budget is no reason to show none.
if (!process.argv.includes('--only')) {
  await step(
    'sizes',
    [wasm, join(dist, 'glue.js'), ...files(join(root, 'js/src'))],
    [join(work, 'sizes.json')],
    measure,
  )
  report()
}

/** Compiles the browser driver and returns the path of the module. */
function cargo() {
  // What is worth its place is inlined by its attribute: left to its own measure the compiler adds 3 KB of brotli, for 3 % of speed.
  const flags = ['-Ctarget-feature=+simd128', '-Cllvm-args=--inline-threshold=5', ...remaps()]
  const { RUSTFLAGS: _ours, ...environment } = process.env
  const result = spawnSync(
    'cargo',
    [
      ...[
        'rustc',
        '--locked',
        '--release',
        '--package',
        'kube-watchlist-wasm',
        '--lib',
        '--target',
        'wasm32-unknown-unknown',
      ],
      // Not a plain build: with an rlib beside it the module would lose link-time optimisation.
      ...['--crate-type', 'cdylib', '--message-format', 'json-render-diagnostics'],
    ],
    {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1 << 28,
      // The encoded form wins over whatever flags the environment or a configuration file has: simd128 cannot get lost.
      env: { ...environment, CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f') },
    },
  )
  if (result.error) throw result.error
  if (result.status !== 0) process.exit(result.status ?? 1)
  const built = result.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter((message) => message.reason === 'compiler-artifact' && message.target.name === 'kube_watchlist_wasm')
    .flatMap((message) => message.filenames)
    .find((name) => name.endsWith('.wasm'))
  if (built === undefined) throw new Error('cargo built no wasm module')
  return built
}

/** Panic messages name source files; these flags make them names that say nothing of this machine. Our own are relative already. */
function remaps() {
  const cargoHome = process.env.CARGO_HOME || join(homedir(), '.cargo')
  const sources = join(cargoHome, 'registry', 'src')
  const registries = existsSync(sources) ? readdirSync(sources).map((name) => join(sources, name)) : []
  const sysroot = spawnSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).stdout.trim()
  // Later ones win, so the more special come last.
  return [
    [homedir(), '~'],
    [cargoHome, 'cargo'],
    ...(sysroot === '' ? [] : [[join(sysroot, 'lib/rustlib/src/rust'), 'rust']]),
    ...registries.map((registry) => [registry, 'crates']),
  ].map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
}

/** A file stays a file: bundling them into one saves 0.3 KB of brotli more, and takes them from the tests. */
function minify(file) {
  const options = { module: true, compress: { target: 'es2022' }, mangle: { toplevel: true } }
  const { code, errors } = minifySync(file, readFileSync(file, 'utf8'), options)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
  writeFileSync(file, code)
}

function scriptNames() {
  return readdirSync(dist).filter((name) => name.endsWith('.js'))
}

function refuseMachinePaths(file) {
  const text = readFileSync(file, 'latin1')
  const found = [homedir(), root, join('.cargo', 'registry'), '.rustup'].filter(
    (path) => path.length > 1 && text.includes(path),
  )
  if (found.length > 0) throw new Error(`the module holds paths of this machine: ${found.join(', ')}`)
}

/** `js/src/glue.d.ts` is written by hand; the compiler says whether Rust offers what it declares. */
function agreeWithRust(tsc) {
  const check = join(work, 'agree.ts')
  writeFileSync(
    check,
    [
      "import * as rust from './kube_watchlist.js'",
      `import type { Glue, WatchCore } from '${relative(work, join(root, 'js/src/glue.js'))}'`,
      'export const glue: Glue = rust',
      'export const core = (rustCore: rust.WatchCore): WatchCore => rustCore',
      '',
    ].join('\n'),
  )
  run(process.execPath, [
    tsc,
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--lib',
    'es2022,dom,esnext.disposable',
    '--types',
    '',
    check,
  ])
}

function report() {
  const rows = Object.entries(JSON.parse(readFileSync(join(work, 'sizes.json'), 'utf8')))
  for (const [name, [raw, gzip, brotli]] of rows)
    console.log(`${name.padEnd(9)} ${kb(raw)} raw  ${kb(gzip)} gzip  ${kb(brotli)} brotli`)
  if (process.argv.includes('--sizes')) {
    for (const [crate, bytes] of crateSizes(readFileSync(join(work, 'kube_watchlist_bg.wasm'))))
      console.log(`${kb(bytes)}  ${crate}`)
  }
  const budget = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).kubeWatchlist.budget.brotli
  const brotli = rows.at(-1)[1][2]
  if (brotli > budget) {
    console.error(`over the budget of ${kb(budget).trim()} brotli (package.json, kubeWatchlist.budget)`)
    process.exitCode = 1
  }
}

/** Compressing takes longer than all else of a build that changes nothing, so it is part of a step. */
function measure() {
  const scripts = scriptNames()
    .filter((name) => !['wasm-base64.js', 'inline.js', 'node.js'].includes(name))
    .map((name) => readFileSync(join(dist, name)))
  const parts = { wasm: sizes(readFileSync(wasm)), js: sizes(Buffer.concat(scripts)) }
  const together = parts.wasm.map((size, index) => size + parts.js[index])
  writeFileSync(join(work, 'sizes.json'), JSON.stringify({ ...parts, together }))
}

function sizes(bytes) {
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  })
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli.length]
}

function kb(bytes) {
  return `${(bytes / 1024).toFixed(1)} KB`.padStart(9)
}

/** Runs `work` unless its inputs are what they were and its outputs are there. */
async function step(name, inputs, outputs, work) {
  const hash = createHash('sha256')
  for (const input of inputs) hash.update(input).update(readFileSync(input))
  const stamp = hash.digest('hex')
  const known = existsSync(stamps) ? JSON.parse(readFileSync(stamps, 'utf8')) : {}
  if (known[name] === stamp && outputs.every((output) => existsSync(output))) return
  console.log(`making ${name}`)
  await work()
  writeFileSync(stamps, JSON.stringify({ ...known, [name]: stamp }))
}

function scripts() {
  return ['build.mjs', 'glue.mjs', '../package-lock.json'].map((name) => join(root, 'scripts', name))
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function run(command, argv, stdout = 'inherit') {
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', stdout, 'inherit'] }
  const result = spawnSync(command, argv, options)
  if (result.error) throw result.error
  if (result.status !== 0) process.exit(result.status ?? 1)
  return result.stdout
}

/** What it prints. */
function wasmOpt(argv) {
  return run(process.execPath, [join(root, 'node_modules/binaryen/bin/wasm-opt'), ...argv], 'pipe')
}
