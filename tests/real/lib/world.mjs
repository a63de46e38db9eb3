// A server and a browser before it, for all tests of a group.
import { after, before } from 'node:test'
import { launch } from './browsers.mjs'
import { startCluster } from './cluster.mjs'

/** `const world = useWorld(setting, 'Chromium')`, then `world.cluster` and `world.browser` in tests; `more` is for `startCluster`. */
export function useWorld(setting, name, more) {
  const world = {}
  before(async () => {
    world.cluster = await startCluster(setting, more)
    world.browser = await launch(name)
  })
  after(async () => {
    try {
      await world.browser?.end()
    } finally {
      await world.cluster?.stop()
    }
  })
  return world
}
