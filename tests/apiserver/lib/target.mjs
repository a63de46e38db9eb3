// Starts what a setting names, real or fake, and gives it the objects that cases expect.
import { readFile } from 'node:fs/promises'
import { start } from '../../../scripts/apiserver.mjs'
import { buildFakeServer, spawnFakeServer } from '../../../scripts/lib/fake-server.mjs'
import { Client } from '../../../scripts/lib/kube-client.mjs'
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
  const token = 'a-token'
  const server = await spawnFakeServer(await buildFakeServer(), { profile, pods: 0, churn: 0, token })
  const client = new Client({ url: server.url, token })
  return {
    kind: 'fake',
    client,
    world: new FakeWorld(client),
    restart: () => client.json('/_fake/restart', { method: 'POST' }),
    compact: () => client.json('/_fake/compact', { method: 'POST' }),
    stop: async () => {
      client.close()
      await server.stop()
    },
  }
}

/** The namespace that every case reads, and one that stays empty. */
export async function furnish({ world }) {
  await seed(world, 'shop', { whole: true })
  await world.create('namespaces', undefined, 'empty')
}
