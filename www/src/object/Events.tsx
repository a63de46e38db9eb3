import type { Client, TableRequest } from 'kube-watchlist'
import { useEffect, useMemo } from 'react'
import { explain } from '../status/describe'
import { useStatus } from '../status/use-status'
import { cellText, cellTone } from '../table/cells'
import { type OpenTable, useSnapshot, useTable } from '../table/use-view'

interface Props {
  readonly client: Client
  readonly about: Pick<TableRequest, 'namespaces' | 'fieldSelector'>
}

/** The newest are shown. */
const most = 50

/** What was recorded of the object, live. */
export function Events({ client, about }: Props) {
  const request = useMemo<TableRequest>(() => ({ version: 'v1', resource: 'events', ...about }), [about])
  const table = useTable(client, request)
  return (
    <section className="drawer-part drawer-events" aria-label="Events">
      {table && <EventTable table={table} />}
    </section>
  )
}

function EventTable({ table: { watch, view } }: { readonly table: OpenTable }) {
  const status = useStatus(watch)
  const { rows, columns, count } = useSnapshot(view)
  useEffect(() => {
    view.update({ sort: [{ column: 'Last Seen' }, { column: 'Age' }] })
    view.setWindow(0, most)
  }, [view])
  // It is this object for all of them.
  const shown = columns.flatMap((column, index) => (column.name === 'Object' ? [] : [{ column, index }]))
  const problem = status.error && explain(status.error)
  const isLive = status.phase === 'live' || status.phase === 'polling'
  return (
    <>
      <div className="drawer-bar">
        <h3>Events</h3>
        <small role="status">{isLive ? `${count === 0 ? 'none' : count}, live` : phaseText(status.phase)}</small>
        {(status.phase === 'failed' || status.phase === 'auth') && (
          <button type="button" className="button" onClick={() => watch.retry()}>
            Try again
          </button>
        )}
      </div>
      {problem && !isLive && (
        <div className="drawer-note" data-tone="bad">
          <p>{problem.text}</p>
          {problem.quote && <q>{problem.quote}</q>}
        </div>
      )}
      {count > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <div className="events" role="region" tabIndex={0} aria-label="What was recorded">
          <table>
            <thead>
              <tr>
                {shown.map(({ column }) => (
                  <th key={column.name} scope="col">
                    {column.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(
                (row) =>
                  row && (
                    <tr key={row.key}>
                      {shown.map(({ column, index }) => {
                        const text = cellText(row.cells[index])
                        return (
                          <td key={column.name} data-tone={cellTone(column, text)}>
                            {text}
                          </td>
                        )
                      })}
                    </tr>
                  ),
              )}
            </tbody>
          </table>
          {count > most && (
            <p>
              The newest {most} of {count}.
            </p>
          )}
        </div>
      )}
    </>
  )
}

function phaseText(phase: string): string {
  if (phase === 'connecting' || phase === 'syncing') return 'coming…'
  return phase === 'failed' || phase === 'auth' ? 'cannot be shown' : 'not live'
}
