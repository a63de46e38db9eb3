// The same cases against real API servers in each setting of their gates, and against fake-apiserver in the profile
// that claims to be the same. Where the two differ, the fake is wrong.
import { after, before, describe, it } from 'node:test'
import { casesFor } from './cases/index.mjs'
import { judge, perform } from './lib/run.mjs'
import { settings } from './lib/settings.mjs'
import { fakeTarget, furnish, realTarget } from './lib/target.mjs'

const only = process.env.APISERVER_ONLY

// Most of the time is spent waiting: two servers run side by side.
describe('conformance', { concurrency: 2 }, () => {
  for (const setting of settings) {
    if (setting.server) suite(`kube-apiserver ${setting.name}`, setting, realTarget)
    if (setting.profile) suite(`fake-apiserver ${setting.profile}`, setting, fakeTarget)
  }
})

function suite(title, setting, make) {
  if (only && !title.includes(only)) return
  describe(title, { concurrency: 8 }, () => {
    let target
    before(async () => {
      target = await make(setting)
      await furnish(target)
    })
    after(() => target?.stop())
    for (const testCase of casesFor(setting.dialect)) {
      it(testCase.name, async () => judge(testCase, setting.dialect, await perform(testCase, target)))
    }
  })
}
