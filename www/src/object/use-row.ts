import type { Column, Row, TableWatch, View } from 'kube-watchlist'
import { useEffect, useState, useSyncExternalStore } from 'react'
import type { ObjectName } from '../address'
import { rowOf, viewOf } from '../table/find-row'

export interface FollowedRow {
  /** The object's row, while the table has it. */
  readonly row: Row | undefined
  /** The table had it, and has it no more. */
  readonly gone: boolean
  /** Another object has come by the same name since. */
  readonly replaced: boolean
}

/** Follows one object in the table, also where the filter hides it. It is the same object as long as its key is. */
export function useRow(watch: TableWatch, object: ObjectName, columns: readonly Column[]): FollowedRow {
  const [view, setView] = useState<View>()
  const [key, setKey] = useState<string>()
  const { namespace, name } = object
  const nameColumn = columns.find(({ format }) => format === 'name')
  const hasColumns = columns.length > 0
  useEffect(() => {
    // Before the first snapshot nobody knows which column is the name's.
    if (!hasColumns) return
    const opened = viewOf(watch, { namespace, name }, nameColumn ? [nameColumn] : [])
    setView(opened)
    return () => opened.close()
  }, [watch, namespace, name, nameColumn, hasColumns])
  const snapshot = useSyncExternalStore(
    (listener) => view?.subscribe(listener) ?? (() => {}),
    () => view?.getSnapshot(),
  )
  const found = snapshot && rowOf(snapshot, object)
  if (found && key === undefined) setKey(found.key)
  const row = found && (key === undefined || found.key === key) ? found : undefined
  // Between two views nothing is known.
  const isRead = snapshot !== undefined && snapshot.version > 0
  return { row, gone: key !== undefined && isRead && row === undefined, replaced: found !== undefined && !row }
}
