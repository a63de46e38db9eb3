// A real kube-apiserver with its etcd: built from Go modules once a version, kept in the cache, started on loopback.
//
//   node scripts/apiserver.mjs build [VERSION…]                builds what the cache lacks (all versions by default)
//   node scripts/apiserver.mjs start VERSION [FLAG…]           runs one until Ctrl-C; flags are kube-apiserver's
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { once } from './lib/once.mjs'
import { root, run, step } from './lib/run.mjs'
import { cache, MissingTool } from './tools.mjs'

/**
 * The Kubernetes versions that can be built, by the name that tests use. Another one is another line here: everything
 * else follows from the go.mod that Kubernetes publishes for it. `staging` pins single parts of Kubernetes to another
 * version than its own.
 */
export const versions = {
  1.37: { version: '1.37.2' },
  1.32: { version: '1.32.13', staging: { 'k8s.io/csi-translation-lib': 'v0.32.2' } },
}

const source = join(root, 'tests/apiserver/server')
const store = join(cache, 'apiserver')
/** Some seconds; far more where everything else runs too. */
const readyWithin = 120_000

/**
 * The program of a version, after building it where the cache lacks it: once, however many suites ask. Throws MissingTool without Go.
 *
 * The modules of a version are the same on every machine: Go picks them from Kubernetes' own go.mod, never the newest,
 * and checks each download against the public checksum database.
 */
export const build = once(make)

async function make(name) {
  const { version, staging = {} } = versions[name] ?? {}
  if (!version)
    throw new Error(`no Kubernetes version is called ${name}; there are ${Object.keys(versions).join(', ')}`)
  const files = (await readdir(source)).filter((file) => file.endsWith('.go')).sort()
  const hash = createHash('sha256').update(JSON.stringify(staging))
  for (const file of files) hash.update(await readFile(join(source, file)))
  const program = join(store, `kube-apiserver-${version}-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(program)) return program

  await requireGo()
  await mkdir(store, { recursive: true })
  const folder = await mkdtemp(join(store, `build-${version}-`))
  try {
    for (const file of files) await copyFile(join(source, file), join(folder, file))
    const about = `about ${Math.ceil(10 / cpus().length)} min on ${cpus().length} cores when Go has built none of it before`
    await step(`building kube-apiserver ${version} with etcd (once, ${about})`, async () => {
      await writeFile(join(folder, 'go.mod'), await moduleFile(version, staging, folder))
      const [major, minor] = version.split('.')
      const stamp = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor }
      const flags = Object.entries(stamp).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)
      const link = ['-s', '-w', ...flags].join(' ')
      await run('go', ['build', '-mod=mod', '-buildvcs=false', '-ldflags', link, '-o', 'program', '.'], { cwd: folder })
    })
    await rename(join(folder, 'program'), program)
    // Each is 100 MB: those of earlier sources go.
    const earlier = (await readdir(store)).filter((name) => name.startsWith(`kube-apiserver-${version}-`))
    for (const name of earlier) if (join(store, name) !== program) await rm(join(store, name), { force: true })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return program
}

async function requireGo() {
  const hint =
    'see https://go.dev/doc/install (1.24 or newer; it downloads a newer Go by itself where Kubernetes needs one)'
  const output = await run('go', ['version']).catch((error) => {
    throw Object.assign(new MissingTool('go', hint), { cause: error })
  })
  const minor = Number(/go1\.(\d+)/.exec(output)?.[1])
  if (minor < 24) throw new MissingTool('go 1.24', hint)
}

/** A go.mod that says of Kubernetes' parts, which its own lists at v0.0.0, where they are to be had. */
async function moduleFile(version, staging, folder) {
  const download = JSON.parse(
    await run('go', ['mod', 'download', '-json', `k8s.io/kubernetes@v${version}`], { cwd: folder }),
  )
  const published = await readFile(download.GoMod, 'utf8')
  const parts = [...new Set([...published.matchAll(/(k8s\.io\/\S+) v0\.0\.0$/gm)].map((match) => match[1]))]
  const released = `v0.${version.split('.').slice(1).join('.')}`
  // The language version and the runtime's settings are those that the released binary is built with.
  const settings = published.match(/^(go|godebug) .+$/gm) ?? []
  return [
    'module kube-watchlist/apiserver',
    ...settings,
    `require k8s.io/kubernetes v${version}`,
    ...parts.map((part) => `replace ${part} => ${part} ${staging[part] ?? released}`),
    '',
  ].join('\n')
}

/**
 * Starts a server and resolves when it is ready, with `{ url, caFile, tokens, version, data, stop, halt, kill, restart }`.
 *
 * - `version`: a name of `versions`.
 * - `data`: a directory to keep; else a temporary one that `stop` removes.
 * - `authorization`: `AlwaysAllow` (default) or `RBAC`.
 * - `users`: `{ name: [group…] }`, each with a token of its own in `tokens`, beside `admin`.
 * - `port`: 0 (default) takes a free one; a restart keeps the one there was.
 * - `flags`: of kube-apiserver.
 *
 * `stop` ends it for good as a shutdown does, `halt` as well but for a `restart(flags)` on the same data, `kill` as a crash does.
 */
export async function start(options) {
  const program = await build(options.version)
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'kube-apiserver-')))
  const server = { data }
  const launch = async (more) => {
    const process = await spawned(program, data, { ...options, ...more })
    Object.assign(server, process.address)
    return process
  }
  let current = await launch({})
  server.stop = async () => {
    await current.end('SIGTERM')
    if (!options.data) await rm(data, { recursive: true, force: true })
  }
  server.kill = () => current.end('SIGKILL')
  server.halt = () => current.end('SIGTERM')
  server.restart = async (flags = options.flags) => {
    await current.end('SIGTERM')
    current = await launch({ flags, port: Number(new URL(server.url).port) })
  }
  return server
}

/** One run of the program; its log is `server.log` in its data. */
async function spawned(program, data, { authorization = 'AlwaysAllow', users = {}, port = 0, flags = [] }) {
  const args = ['-data', data, '-port', String(port), '-authorization', authorization]
  for (const [name, groups] of Object.entries(users)) args.push('-user', [name, groups.join(',')].join(':'))
  const path = join(data, 'server.log')
  await mkdir(data, { recursive: true })
  const log = await open(path, 'w')
  // Its standard input is a pipe that nobody writes to: it ends when this process does, and the server with it.
  // A fifth of what a start costs would go into collecting the garbage of a small heap; for 60 MB more it does not.
  const env = { ...process.env, GOGC: '400' }
  const child = spawn(program, [...args, '--', ...flags], { env, stdio: ['pipe', 'pipe', log.fd] })
  await log.close()
  const ended = new Promise((resolve) => child.once('close', resolve))
  const end = async (signal) => {
    child.kill(signal)
    await ended
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), readyWithin)
  const line = await Promise.race([
    new Promise((resolve) => createInterface(child.stdout).once('line', resolve)),
    ended,
  ])
  clearTimeout(timer)
  if (typeof line !== 'string') {
    // etcd, stopped with it, fills the end with lines of JSON.
    const lines = (await readFile(path, 'utf8')).split('\n').filter((text) => text && !text.startsWith('{'))
    const tail = lines.slice(-3).join('\n')
    throw new Error(`kube-apiserver did not become ready:\n${tail}`)
  }
  return { address: JSON.parse(line), end }
}

async function main([command, ...args]) {
  if (command === 'build') {
    for (const name of args.length > 0 ? args : Object.keys(versions)) console.log(await build(name))
  } else if (command === 'start' && args.length > 0) {
    const { stop, halt, kill, restart, ...address } = await start({ version: args[0], flags: args.slice(1) })
    console.log(JSON.stringify(address))
    await new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve)
    })
    await stop()
  } else {
    console.error('usage: node scripts/apiserver.mjs build [VERSION…] | start VERSION [FLAG…]')
    process.exitCode = 2
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2))
