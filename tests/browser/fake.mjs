/** fake-apiserver as a child process, for the suites that need an API server. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..', '..')

/** Starts the server on a free port of the loopback interface. Resolves to `{ url, close }`. */
export async function fakeApiserver(...argv) {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target')
  const program = ['fake', 'release', 'debug']
    .map((profile) => join(target, profile, 'fake-apiserver'))
    .find(existsSync)
  if (program === undefined) throw new Error('fake-apiserver is not built: cargo build -p fake-apiserver')
  const child = spawn(program, ['--exit-with-parent', ...argv], { stdio: ['pipe', 'pipe', 'inherit'] })
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line).url))
    child.once('exit', (code) => reject(new Error(`fake-apiserver ended with ${code}`)))
    child.once('error', reject)
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return {
    url: url.replace(/\/$/, ''),
    close: () => {
      child.stdin.end()
      return ended
    },
  }
}
