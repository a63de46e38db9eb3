// Records what real API servers say to the requests of the cases, in files like those of tests/streams.
//
//   node tests/apiserver/record.mjs [--to DIRECTORY] [--setting NAME] [CASE…]
//
// Without CASE every case is recorded that has no file there yet, so that what tests were written against stays.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, step } from '../../scripts/lib/run.mjs'
import { cases } from './cases/index.mjs'
import { encode } from './lib/recording.mjs'
import { judge, perform } from './lib/run.mjs'
import { settings } from './lib/settings.mjs'
import { furnish, realTarget } from './lib/target.mjs'

const { values, positionals } = parseArgs({
  options: { to: { type: 'string', default: join(root, 'tests/streams') }, setting: { type: 'string' } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !cases.some((one) => one.name === name))
if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')}`)

for (const setting of settings) {
  if (!setting.recorded || (values.setting && values.setting !== setting.recorded)) continue
  const folder = join(values.to, setting.recorded)
  const file = ({ name }) => join(folder, `${name}.http`)
  const wanted = cases.filter((one) =>
    positionals.length > 0 ? positionals.includes(one.name) : !existsSync(file(one)),
  )
  if (wanted.length === 0) continue
  await mkdir(folder, { recursive: true })
  const target = await realTarget(setting)
  const from = ['kube-apiserver', target.server.version, ...(setting.server.flags ?? [])].join(' ')
  try {
    await furnish(target)
    for (const one of wanted) {
      await step(`${setting.recorded}/${one.name}`, async () => {
        // One after the other in one namespace, which the names in the files then share.
        const exchange = await perform(one, target, 'shop')
        judge(one, setting.dialect, exchange)
        await writeFile(file(one), encode(exchange, from))
      })
    }
  } finally {
    await target.stop()
  }
}
