/** The package as users get it: packed, and installed into a fresh app. */
import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { cp, mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

import { installed } from '../../../scripts/lib/installs.mjs'
import { root, run } from '../../../scripts/lib/run.mjs'

const here = join(root, 'tests/packaging')
let packing

/** The tarball, packed once in each process. Resolves to `{ path, files }`, the files by their paths in it. */
export function packed() {
  packing ??= pack()
  return packing
}

async function pack() {
  const folder = await temporary(tmpdir())
  const argv = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  // Only standard output is JSON.
  const { stdout } = await promisify(execFile)('npm', argv, { cwd: root })
  const [{ filename, files }] = JSON.parse(stdout)
  return { path: join(folder, filename), files: files.map(({ path }) => path) }
}

/** Unpacks it as `folder`: all that npm does with a package that has neither dependencies nor scripts. */
export async function unpack(folder) {
  await mkdir(folder, { recursive: true })
  await run('tar', ['-xzf', (await packed()).path, '--strip-components=1', '-C', folder])
}

/**
 * A fresh app: the files of `apps/NAME` over those of `page/`, and the package. Its folder lies in the one where its other
 * packages are installed, so that they are found as in a workspace, and nothing of this checkout is. `files`: written over
 * them, by path.
 */
export async function freshApp(name, files = {}) {
  const source = join(here, 'apps', name)
  const app = await temporary(existsSync(join(source, 'package.json')) ? await installed(source) : tmpdir())
  await cp(join(here, 'page'), app, { recursive: true })
  await cp(source, app, { recursive: true, filter: (path) => basename(path) !== 'package-lock.json' })
  for (const [path, text] of Object.entries(files)) await writeFile(join(app, path), text)
  await unpack(join(app, 'node_modules/kube-watchlist'))
  return app
}

/** A new folder that goes with this process. */
export async function temporary(parent) {
  const folder = await realpath(await mkdtemp(join(parent, 'kube-watchlist-packaging-')))
  temporaries.push(folder)
  return folder
}

const temporaries = []
process.once('exit', () => {
  for (const folder of temporaries) rmSync(folder, { recursive: true, force: true })
})
