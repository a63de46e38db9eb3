// The built package in Chromium before real kube-apiservers in every setting of their gates, and with rights to list or to
// watch alone: it follows in the way that each allows, and says which.
import { before, describe, it } from 'node:test'
import { grant } from '../apiserver/cases/scenarios.mjs'
import { settings } from '../apiserver/lib/settings.mjs'
import { ways } from './lib/cluster.mjs'
import { Following } from './lib/follow.mjs'
import { useWorld } from './lib/world.mjs'

const only = process.env.REAL_ONLY ?? ''

// Much of the time is spent waiting: two servers run side by side.
describe('a real API server in every setting, in Chromium', { concurrency: 2 }, () => {
  for (const setting of settings.filter(({ name, server }) => server && name.includes(only))) {
    // The defaults of the newest: every browser's test.
    if (setting.name !== '1.37') gate(setting)
    // Gates change nothing of rights: one server of each version, and the one that makes its client list.
    if (!setting.server.flags || setting.name === '1.37, WatchList=false') rights(setting)
  }
})

function gate(setting) {
  describe(`kube-apiserver ${setting.name}`, { concurrency: 1 }, () => {
    const world = useWorld(setting, 'Chromium')
    for (const way of ways) {
      it(`${way}: a thousand writes and a crash`, async () => {
        const following = await Following.begin({ ...world, way, expected: expected(setting.dialect) })
        try {
          await following.compare()
          await following.judge()
          await following.write(250)
          await following.compare()
          await following.judge()
          await following.crash()
          await following.compare()
          await following.judge()
        } finally {
          await following.end()
        }
      })
    }
  })
}

/** How a client follows such a server, and why not in the best way. */
function expected({ watchList, tables }) {
  if (!watchList) return { mode: 'list+watch', format: 'table', fallback: 'watchlist-unsupported' }
  if (!tables) return { mode: 'watchlist', format: 'object', fallback: 'no-tables' }
  return { mode: 'watchlist', format: 'table', fallback: undefined }
}

function rights(setting) {
  describe(`kube-apiserver ${setting.name} with RBAC`, { concurrency: 1 }, () => {
    const users = { lister: ['get', 'list'], watcher: ['get', 'watch'], reader: ['get', 'list', 'watch'], nobody: [] }
    const groups = Object.fromEntries(Object.keys(users).map((user) => [user, []]))
    const world = useWorld(setting, 'Chromium', { authorization: 'RBAC', users: groups })
    before(async () => {
      for (const [user, verbs] of Object.entries(users)) {
        if (verbs.length > 0) await grant(world.cluster.target, user, verbs, ['pods', 'configmaps', 'events', 'boats'])
      }
    })

    const { watchList } = setting.dialect
    const live = expected(setting.dialect)
    const forbidden = (user, verb) => ({
      phase: 'failed',
      code: 'forbidden',
      says: `User "${user}" cannot ${verb} resource`,
    })
    const outcomes = {
      reader: live,
      // A server that streams lists asks for the right to watch alone; one that does not, for both.
      watcher: watchList ? live : forbidden('watcher', 'list'),
      lister: forbidden('lister', 'watch'),
      // Asked for a streaming list, a server looks at rights first, and only then at whether it can.
      nobody: forbidden('nobody', 'watch'),
    }
    for (const [user, outcome] of Object.entries(outcomes)) {
      it(`${user}: ${outcome.phase ?? 'live'}`, async () => {
        const following = await Following.begin({ ...world, way: 'direct', user, expected: outcome, count: 20 })
        try {
          if (outcome.phase) {
            await following.fails(outcome)
          } else {
            await following.compare()
            await following.write(50)
            await following.compare()
            await following.judge()
            await following.crash()
            await following.comesBack()
            await following.compare()
            await following.judge()
          }
        } finally {
          await following.end()
        }
      })
    }
  })
}
