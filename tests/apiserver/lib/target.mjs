// Starts what a setting names, real or fake, and gives it the objects that cases expect.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { start } from '../../../scripts/apiserver.mjs'
import { root } from '../../../scripts/lib/run.mjs'
import { Client } from './client.mjs'
import { FakeWorld, RealWorld, seed } from './world.mjs'

/** A real server; `more` is for `start` of scripts/apiserver.mjs. */
export async function realTarget({ server }, more = {}) {
  const running = await start({ ...server, ...more, flags: [...(server.flags ?? []), ...(more.flags ?? [])] })
  const ca = await readFile(running.caFile)
  const as = (user) => new Client({ url: running.url, ca, token: running.tokens[user] })
  const client = as('admin')
  return {
    kind: 'real',
    server: running,
    client,
    as,
    world: new RealWorld(client),
    restart: () => running.restart(),
    kill: async () => {
      await running.kill()
      await running.restart()
    },
    /** etcd forgets the past by its interval: what holds then is waited for. */
    compact: async () => {},
    stop: async () => {
      client.close()
      await running.stop()
    },
  }
}

/** fake-apiserver in the profile of a setting, with nothing in it but what a case makes. */
export async function fakeTarget({ profile }) {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target')
  const token = 'a-token'
  const args = [
    '--port',
    '0',
    '--profile',
    profile,
    '--pods',
    '0',
    '--churn',
    '0',
    '--token',
    token,
    '--exit-with-parent',
  ]
  const child = spawn(join(target, 'fake/fake-apiserver'), args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((_, reject) => {
    child.once('error', reject)
    child.once('close', () => reject(new Error(`fake-apiserver ended with ${child.exitCode}`)))
  })
  ended.catch(() => {})
  const line = await Promise.race([
    new Promise((resolve) => createInterface(child.stdout).once('line', resolve)),
    ended,
  ])
  const client = new Client({ url: JSON.parse(line).url, token })
  return {
    kind: 'fake',
    client,
    world: new FakeWorld(client),
    restart: () => client.json('/_fake/restart', { method: 'POST' }),
    compact: () => client.json('/_fake/compact', { method: 'POST' }),
    stop: async () => {
      client.close()
      child.kill('SIGTERM')
      await ended.catch(() => {})
    },
  }
}

/** The namespace that every case reads, and one that stays empty. */
export async function furnish({ world }) {
  await seed(world, 'shop', { whole: true })
  await world.create('namespaces', undefined, 'empty')
}
