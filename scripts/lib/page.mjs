// Builds the demo page into www/dist, where it is older than what it is made of.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, step } from './run.mjs'

export const pageFolder = join(root, 'www/dist')

export async function buildPage() {
  const inputs = [
    'www/src',
    'www/public',
    'www/index.html',
    'www/vite.config.ts',
    'www/policy.mjs',
    'dist',
    'package-lock.json',
  ]
  if (newest([join(pageFolder, 'index.html')]) > newest(inputs.map((name) => join(root, name)))) return
  await step('page', () =>
    run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', 'www', '--logLevel', 'warn']),
  )
}

/** When the newest of these files was changed, in milliseconds; 0 where there is none. */
function newest(paths) {
  let time = 0
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory()) {
      time = Math.max(time, newest(readdirSync(path).map((name) => join(path, name))))
    } else if (found) {
      time = Math.max(time, found.mtimeMs)
    }
  }
  return time
}
