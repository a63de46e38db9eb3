/** Where the build's own tools are: in PATH, or in the cache that `npm start` and `npm test` fill. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The version of a package in Cargo.lock. */
export function lockedVersion(name) {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8')
  const version = new RegExp(`^name = "${name}"\\nversion = "([^"]+)"`, 'm').exec(lock)?.[1]
  if (version === undefined) throw new Error(`${name} is not in Cargo.lock`)
  return version
}

/** The path of an executable. `wasm-bindgen` and its test runner have to be of the crate's own version. */
export async function tool(name) {
  const bindgen = name === 'wasm-bindgen' || name === 'wasm-bindgen-test-runner'
  const version = bindgen ? lockedVersion('wasm-bindgen') : undefined
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kube-watchlist', 'tools')
  const folder = bindgen ? `wasm-bindgen-cli-${version}` : `${name}-0.15.1`
  const cached = join(cache, folder, 'bin', name)
  if (existsSync(cached)) return cached
  try {
    const found = execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    const said = execFileSync(found, ['--version'], { encoding: 'utf8' })
    if (version === undefined || said.includes(version)) return found
  } catch {
    // Not in PATH.
  }
  throw new Error(`${name}${version === undefined ? '' : ` ${version}`} is missing: cargo install --locked ${bindgen ? `wasm-bindgen-cli --version ${version}` : name}`)
}
