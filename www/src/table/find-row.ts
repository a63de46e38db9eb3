// One row by its name, wherever the order and the filter of the table have it.
import type { Column, Filter, Row, TableWatch, View, ViewSnapshot } from 'kube-watchlist'
import type { ObjectName } from '../address'

/** Opens a view of the rows that may be that object: few, and mostly one. */
export function viewOf(watch: TableWatch, { namespace, name }: ObjectName, columns: readonly Column[]): View {
  const view = watch.view({ columns: [], filter: { ...nameFilter(name, columns), ...inNamespace(namespace) } })
  view.setWindow(0, 100)
  return view
}

export function rowOf(snapshot: ViewSnapshot, { namespace, name }: ObjectName): Row | undefined {
  return snapshot.rows.find((row) => row?.meta.name === name && row.meta.namespace === namespace)
}

/** The row, once the table has it; `undefined` where it has not by then. */
export async function findRow(
  watch: TableWatch,
  object: ObjectName,
  columns: readonly Column[],
): Promise<Row | undefined> {
  const view = viewOf(watch, object, columns)
  // Who is not found is no longer selected: a page that is busy for a while gets its time.
  const found = await settled(view, (snapshot) => snapshot.columns.length === 0 && snapshot.total > 0, 10_000)
  view.close()
  return found && rowOf(found, object)
}

/** The first snapshot that is as wanted; `undefined` if none comes within some milliseconds. */
export function settled(
  view: View,
  wanted: (snapshot: ViewSnapshot) => boolean,
  milliseconds = 1000,
): Promise<ViewSnapshot | undefined> {
  return new Promise((resolve) => {
    const check = () => {
      const snapshot = view.getSnapshot()
      // Before its first version nothing was read.
      if (snapshot.version > 0 && wanted(snapshot)) end(snapshot)
    }
    const end = (snapshot?: ViewSnapshot) => {
      unsubscribe()
      clearTimeout(timer)
      resolve(snapshot)
    }
    const unsubscribe = view.subscribe(check)
    const timer = setTimeout(() => end(), milliseconds)
    check()
  })
}

/** By the column of names, where it is one of the shown; else whatever has the name in it. */
function nameFilter(name: string, columns: readonly Column[]): Filter {
  const column = columns.find(({ format }) => format === 'name')
  return column ? { columns: { [column.name]: [name] } } : { text: name }
}

function inNamespace(namespace: string): Filter {
  return namespace ? { namespaces: [namespace] } : {}
}
