// The built package in three browsers before a real kube-apiserver: through the demo's own proxy, and directly. What a page
// shows is what the server has, at every moment, through a thousand writes to each resource and a crash.
import { after, describe, it } from 'node:test'
import { settings } from '../apiserver/lib/settings.mjs'
import { browsers, cuts } from './lib/browsers.mjs'
import { ways } from './lib/cluster.mjs'
import { Following } from './lib/follow.mjs'
import { useWorld } from './lib/world.mjs'

const only = process.env.REAL_ONLY ?? ''
const newest = settings.find(({ name }) => name === '1.37')
const expected = { mode: 'watchlist', format: 'table', fallback: undefined }

// Much of the time is spent waiting: two browsers run side by side, each with a server of its own.
describe('a real API server in three browsers', { concurrency: 2 }, () => {
  for (const name of browsers.filter((each) => each.includes(only))) {
    // Not inherited: each test goes on where the one before ended.
    describe(name, { concurrency: 1 }, () => {
      const world = useWorld(newest, name)
      for (const way of ways) scenario(way, cuts[name][way], () => ({ ...world, way, expected }))
    })
  }
})

function scenario(way, cut, given) {
  describe(way, { concurrency: 1 }, () => {
    let following
    after(() => following?.end())

    it('shows what the server has', async () => {
      following = await Following.begin(given())
      await following.compare()
      await following.judge()
    })

    it('follows a thousand writes to each resource', async () => {
      await following.write(1000)
      await following.compare()
      await following.judge()
    })

    it('says live through a crash only when it is', async () => {
      // A page that is not told of a crash learns of it from the watchdog, minutes later.
      await following.crash({ gently: cut === 'open' })
      await following.compare()
      await following.judge()
      await following.write(100)
      await following.compare()
      await following.judge()
    })
  })
}
