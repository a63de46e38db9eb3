import type { Client, TableRequest, TableWatch, View, ViewOptions, ViewSnapshot } from 'kube-watchlist'
import { useEffect, useState, useSyncExternalStore } from 'react'

export interface OpenTable {
  readonly watch: TableWatch
  readonly view: View
}

/** Watches a resource while the component lives. `undefined` for the moment before it is open. */
export function useTable(client: Client, request: TableRequest): OpenTable | undefined {
  const [table, setTable] = useState<{ readonly key: string; readonly open: OpenTable }>()
  const key = JSON.stringify(request)
  useEffect(() => {
    const watch = client.watchTable(JSON.parse(key) as TableRequest)
    const view = watch.view()
    setTable({ key, open: { watch, view } })
    return () => {
      view.close()
      watch.close()
    }
  }, [client, key])
  // The table of another request is closed already, or about to be.
  return table?.key === key ? table.open : undefined
}

/** The view's snapshot, as a value that React follows. */
export function useSnapshot(view: View): ViewSnapshot {
  return useSyncExternalStore(view.subscribe, view.getSnapshot)
}

/** Keeps a view's sort, filter and columns as `options` say. */
export function useViewOptions(view: View, options: ViewOptions): void {
  const key = JSON.stringify(options)
  useEffect(() => view.update(JSON.parse(key) as ViewOptions), [view, key])
}
