/** The package as a strict TypeScript user writes against it. Compiled, never run: each expected error must be one. */
import {
  type Cell,
  type Change,
  type Client,
  type ClientOptions,
  createClient,
  type Row,
  type TableRequest,
  type TableWatch,
  type ViewSnapshot,
  WatchError,
  type WatchStatus,
} from 'kube-watchlist'
import type { createClient as createInline } from 'kube-watchlist/inline'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => undefined

const options: ClientOptions = {
  baseUrl: '/k8s',
  headers: ({ kind, path }) => ({ 'x-kind': kind, 'x-path': path }),
  getToken: async ({ refresh, signal }) => (refresh && !signal.aborted ? 'token' : undefined),
  memoryLimitBytes: 64 * 1024 * 1024,
  wasm: new URL('https://dashboard.example/kube_watchlist_bg.wasm'),
}
same<typeof createInline, typeof createClient>(true)
const client: Client = createClient(options)

const request: TableRequest = { group: 'apps', version: 'v1', resource: 'deployments', namespaces: ['shop'] }
const watch: TableWatch = client.watchTable(request, { signal: new AbortController().signal })
same<typeof watch.synced, Promise<void>>(true)
same<typeof watch.status, WatchStatus>(true)

watch.addEventListener('status', ({ detail }) => {
  same<typeof detail, WatchStatus>(true)
  switch (detail.phase) {
    case 'live':
      return
    case 'failed':
      same<NonNullable<typeof detail.error>['code'], string>(true)
      return
    // @ts-expect-error no such phase
    case 'happy':
      return
  }
})

const view = watch.view({ columns: 'wide', sort: [{ column: 'Age', descending: true }], filter: { text: 'web' } })
view.setWindow(0, 50)
const unsubscribe: () => void = view.subscribe(() => {
  const snapshot: ViewSnapshot = view.getSnapshot()
  for (const row of snapshot.rows) {
    same<typeof row, Row | undefined>(true)
    // @ts-expect-error a row of the window may not be there yet
    row.meta
    const cell: Cell | undefined = row?.cells[0]
    if (typeof cell === 'string') cell.toUpperCase()
  }
  // @ts-expect-error what is shown is frozen
  snapshot.rows.push(undefined)
})
unsubscribe()

export async function follow(): Promise<string[]> {
  const names: string[] = []
  for await (const change of watch.changes()) {
    same<typeof change, Change>(true)
    names.push(...change.added.map(({ meta }) => meta.name))
    if (change.last) break
  }
  await watch.synced.catch((error: unknown) => {
    if (error instanceof WatchError) names.push(error.code, error.kubernetes?.reason ?? '')
  })
  return names
}

export function scoped(): void {
  using other = createClient(options)
  using table = other.watchTable({ version: 'v1', resource: 'pods' })
  table.retry()
}

// @ts-expect-error an address is needed
createClient({})
// @ts-expect-error so is the version of a resource
client.watchTable({ resource: 'pods' })
// @ts-expect-error columns are named by a word of these, or each by its name
watch.view({ columns: 'all' })

/** `useSyncExternalStore` takes them as they are: neither needs its receiver. */
export const store = { subscribe: view.subscribe, getSnapshot: view.getSnapshot }
