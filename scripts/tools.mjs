// The tools that building and testing need: found, else installed where that is possible, else named with the
// command that installs them. They live in a cache beside no checkout, so that a fresh clone finds them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { once } from './lib/once.mjs'
import { CommandError, root, run, step } from './lib/run.mjs'

export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kube-watchlist')

/** A tool is not there and cannot be installed from here. `hint` is the command that a person may run. */
export class MissingTool extends Error {
  constructor(name, hint) {
    super(`${name} is missing; install it with: ${hint}`)
    this.name = 'MissingTool'
    this.tool = name
    this.hint = hint
  }
}

/** Which tool an error says is missing, with the command that installs it; undefined where that is not what it says. */
export function missing(error) {
  if (error instanceof MissingTool) return error.message
  // What scripts of this folder end with after they said so.
  if (!(error instanceof CommandError) || error.code !== 3) return undefined
  return /^did not run: (.*)$/m.exec(error.output)?.[1]
}

/** The version of a crate in Cargo.lock; the wasm-bindgen CLI must be of exactly the crate's version. */
export function lockedVersion(crate) {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8')
  const found = new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`).exec(lock)
  if (!found) throw new Error(`${crate} is not in Cargo.lock`)
  return found[1]
}

/** Programs that cargo installs. */
export const crates = {
  'wasm-bindgen': {
    crate: 'wasm-bindgen-cli',
    version: () => lockedVersion('wasm-bindgen'),
    about: '40 s',
    flags: ['--no-default-features'],
  },
  'wasm-bindgen-test-runner': { same: 'wasm-bindgen' },
  'wasm-pack': { crate: 'wasm-pack', version: () => '0.15.1', about: '45 s', flags: [] },
  geckodriver: { crate: 'geckodriver', version: () => '0.37.1', about: '25 s', flags: [] },
  'cargo-fuzz': { crate: 'cargo-fuzz', version: () => '0.13.2', about: '25 s', flags: [] },
  'cargo-deny': { crate: 'cargo-deny', version: () => '0.20.2', about: '1 min', flags: [] },
}

const packages = {
  chromium: { package: 'chromium', names: ['chromium', 'chromium-browser', 'google-chrome'] },
  // Chromium's engine without a browser around it: a page opens in half the CPU time.
  'chromium-headless-shell': { package: 'chromium-headless-shell', names: ['chromium-headless-shell'] },
  chromedriver: { package: 'chromium-driver', names: ['chromedriver'] },
  firefox: { package: 'firefox-esr', names: ['firefox-esr', 'firefox'] },
  WebKitWebDriver: { package: 'webkit2gtk-driver', names: ['WebKitWebDriver'] },
  // Comes with the library that the driver needs; it is no command of its own.
  MiniBrowser: { package: 'webkit2gtk-driver', names: ['MiniBrowser'], folder: /^webkit2?gtk-/ },
  // WebKitGTK has no mode without a screen.
  Xvfb: { package: 'xvfb', names: ['Xvfb'] },
  openssl: { package: 'openssl', names: ['openssl'] },
}

/** A tool runs for a second and compiles for a minute or two: not optimised it compiles in half the time. */
const QUICKLY = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
}

let last = Promise.resolve()

/**
 * Installs follow each other, however many suites ask: apt, rustup and npm bear no second one beside them. `work` looks again at what
 * is there, since the one before may have brought it.
 */
function inTurn(work) {
  const result = last.then(work)
  last = result.catch(() => {})
  return result
}

/** The path of a tool's program, after installing it where that was needed. Throws MissingTool. */
export const tool = once((name) => inTurn(() => (name in packages ? fromSystem(name) : fromCrates(name))))

/** Chromium for pages that nobody looks at: its shell where there is one, else the whole browser. */
export const headlessChromium = () => tool('chromium-headless-shell').catch(() => tool('chromium'))

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder && existsSync(join(folder, name))) return join(folder, name)
  }
  return undefined
}

async function fromCrates(program) {
  const entry = crates[program]?.same ? crates[crates[program].same] : crates[program]
  if (!entry) throw new Error(`no such tool: ${program}`)
  const version = entry.version()
  const folder = join(cache, 'tools', `${entry.crate}-${version}`)
  const path = join(folder, 'bin', program)
  if (existsSync(path)) return path
  const command = ['install', entry.crate, '--version', version, ...entry.flags]
  const partial = `${folder}.partial-${process.pid}`
  const install = (more) =>
    run('cargo', [...command, ...more, '--root', partial], {
      env: { CARGO_TARGET_DIR: undefined, RUSTFLAGS: undefined, ...QUICKLY },
    })
  await mkdir(join(cache, 'tools'), { recursive: true })
  try {
    await step(`installing ${entry.crate} ${version} (once, about ${entry.about})`, () =>
      // A tool's own lock file may name a version that was withdrawn since: the second try resolves anew.
      install(['--locked']).catch(() => install([])),
    )
    await rm(folder, { recursive: true, force: true })
    await rename(partial, folder)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw Object.assign(new MissingTool(program, `cargo ${command.join(' ')}`), { cause: error })
  }
  return path
}

/** Where a program of a package is: on the path, or in a folder of that name among the libraries. */
function place({ names, folder }) {
  if (!folder) return names.map(onPath).find(Boolean)
  for (const libraries of ['/usr/libexec', '/usr/lib', '/usr/lib64', ...list('/usr/lib', /-linux-gnu/)]) {
    for (const parent of list(libraries, folder)) {
      const path = names.map((name) => join(parent, name)).find(existsSync)
      if (path) return path
    }
  }
  return undefined
}

function list(folder, pattern) {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name))
}

async function fromSystem(name) {
  const entry = packages[name]
  const present = () => place(entry)
  if (present()) return present()
  const hint = `apt-get update && apt-get install -y ${entry.package}`
  if (process.getuid?.() !== 0 || !onPath('apt-get')) throw new MissingTool(name, hint)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  // One run of apt for all browsers: its lists take longer than its packages.
  const lacking = new Set(Object.values(packages).flatMap((other) => (place(other) ? [] : [other.package])))
  try {
    await step(`installing ${[...lacking].join(', ')} (once, about 1 min)`, async () => {
      await run('apt-get', ['update'], { env })
      // One that this system does not know would keep the others from coming.
      const known = await run('apt-cache', ['pkgnames'])
      const all = known.split('\n').filter((each) => lacking.has(each))
      await run('apt-get', ['install', '-y', '--no-install-recommends', ...all], { env })
    })
  } catch (error) {
    throw Object.assign(new MissingTool(name, hint), { cause: error })
  }
  if (!present()) throw new MissingTool(name, hint)
  return present()
}

/** Adds a rustup target where it is missing. */
export const rustTarget = (target, toolchain = []) => inTurn(() => addTarget(target, toolchain))

async function addTarget(target, toolchain) {
  const args = toolchain.length ? ['--toolchain', ...toolchain] : []
  let installed
  try {
    installed = await run('rustup', ['target', 'list', '--installed', ...args])
  } catch (error) {
    throw Object.assign(new MissingTool('rustup', 'see https://rustup.rs'), { cause: error })
  }
  if (installed.split(/\s+/).includes(target)) return
  await step(`adding the Rust target ${target} (once)`, () => run('rustup', ['target', 'add', target, ...args]))
}

/** Adds the nightly toolchain where it is missing. */
export const nightly = () => inTurn(addNightly)

async function addNightly() {
  const toolchains = await run('rustup', ['toolchain', 'list']).catch(() => '')
  if (/^nightly/m.test(toolchains)) return
  const command = ['toolchain', 'install', 'nightly', '--profile', 'minimal']
  try {
    await step('installing the nightly Rust toolchain (once, about 30 s)', () => run('rustup', command))
  } catch (error) {
    throw Object.assign(new MissingTool('the nightly Rust toolchain', `rustup ${command.join(' ')}`), { cause: error })
  }
}

/** Installs the node modules where they are missing or older than the lock file. */
export const nodeModules = () => inTurn(installModules)

async function installModules() {
  const mark = join(root, 'node_modules', '.package-lock.json')
  const lock = await stat(join(root, 'package-lock.json'))
  const done = await stat(mark).catch(() => undefined)
  if (done && done.mtimeMs >= lock.mtimeMs) return
  await step('installing node modules', () => run('npm', ['ci', '--no-audit', '--no-fund']))
}

// `node scripts/tools.mjs NAME…` installs and prints paths.
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const name of process.argv.slice(2)) console.log(await tool(name))
}
