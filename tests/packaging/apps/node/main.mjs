/** Prints the pods of an API server as JSON, then what comes new, and ends with the first. */
import { createClient } from 'kube-watchlist'

const client = createClient({ baseUrl: process.argv[2] })
const pods = client.watchTable({ version: 'v1', resource: 'pods' })

const snapshot = []
for await (const { kind, added, last } of pods.changes()) {
  const names = added.map(({ meta }) => meta.name)
  if (kind === 'snapshot') {
    snapshot.push(...names)
    if (last) console.log(JSON.stringify(snapshot.sort()))
  } else if (names.length > 0) {
    console.log(names.join())
    client.close()
  }
}
console.log(pods.status.phase)
