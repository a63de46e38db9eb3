// Node packages that one folder of the tests needs and the project does not: installed once for each manifest, in a cache
// beside no checkout.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'

import { cache, MissingTool } from '../tools.mjs'
import { once } from './once.mjs'
import { root, run, step } from './run.mjs'

const MANIFEST = ['package.json', 'package-lock.json']

/** The folder in the cache whose `node_modules` has what `folder/package.json` and its lock file name. Throws MissingTool. */
export const installed = once(install)

async function install(folder) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
  for (const name of MANIFEST) hash.update(await readFile(join(folder, name)))
  const target = join(cache, 'packages', `${basename(folder)}-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(target)) return target
  const command = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  await mkdir(join(cache, 'packages'), { recursive: true })
  const partial = await mkdtemp(`${target}.partial-`)
  try {
    for (const name of MANIFEST) await copyFile(join(folder, name), join(partial, name))
    await step(`installing the packages of ${relative(root, folder)} (once)`, () =>
      run('npm', command, { cwd: partial }),
    )
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    const where = relative(root, folder)
    throw Object.assign(new MissingTool(`what ${where} is built with`, `npm ${command.join(' ')} in ${where}`), {
      cause: error,
    })
  }
  // Where another process was quicker, its folder is as good.
  await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }))
  return target
}
