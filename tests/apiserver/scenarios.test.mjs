// Scenarios of several requests against a real API server of each version, and against fake-apiserver.
import { after, before, describe, it } from 'node:test'
import { scenarios } from './cases/scenarios.mjs'
import { settings } from './lib/settings.mjs'
import { fakeTarget, furnish, realTarget } from './lib/target.mjs'

const only = process.env.APISERVER_ONLY
const users = { lister: [], watcher: [], nobody: [] }

// One setting a version: gates change none of this.
// Most of the time is spent waiting: two servers run side by side.
describe('scenarios', { concurrency: 2 }, () => {
  for (const setting of settings.filter(({ server }) => server && !server.flags)) {
    suite(`kube-apiserver ${setting.name}`, setting, realTarget, { authorization: 'RBAC', users })
    suite(`fake-apiserver ${setting.profile}`, setting, fakeTarget)
  }
})

function suite(title, setting, make, more) {
  if (only && !title.includes(only)) return
  describe(title, () => {
    const furnished = async (options) => {
      const target = await make(setting, options)
      await furnish(target)
      return target
    }
    let shared
    before(async () => {
      shared = await furnished(more)
    })
    after(() => shared?.stop())
    for (const { name, real, own, run } of scenarios) {
      if (real && make !== realTarget) continue
      it(name, async () => {
        const target = own ? await furnished(own) : shared
        try {
          await run(target, setting.dialect)
        } finally {
          if (own) await target.stop()
        }
      })
    }
  })
}
