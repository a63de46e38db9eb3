import type { Client, Row } from 'kube-watchlist'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import type { Address, ObjectName } from './address'
import type { Resource } from './discovery'
import { Facets } from './filter/Facets'
import { parseFilter } from './filter/language'
import { count as formatCount } from './format'
import { Notice } from './Notice'
import { StatusLine } from './status/StatusLine'
import { useStatus } from './status/use-status'
import { Places, useDepartures } from './table/departures'
import { findRow } from './table/find-row'
import { Grid } from './table/Grid'
import { useHasFocus, useHold, useMenuIsOpen } from './table/holding'
import { useSelection } from './table/use-selection'
import { type OpenTable, useViewOptions } from './table/use-view'
import { Waiting } from './table/Waiting'

/** Comes when the first object is opened: the table need not wait for a writer of YAML. */
const Drawer = lazy(() => import('./object/Drawer'))

interface Props {
  readonly client: Client
  readonly table: OpenTable
  readonly resources: readonly Resource[]
  readonly address: Address
  readonly noun: string
  readonly spansNamespaces: boolean
  readonly onChange: (change: Partial<Address>) => void
}

/** The status, the facets and the table of one resource, and the object that is open beside it. */
export function TablePage({ client, table, resources, address, noun, spansNamespaces, onChange }: Props) {
  const { watch, view } = table
  const [shown, departures] = useDepartures(watch, view, address.filter !== '')
  const places = useMemo(() => new Places(shown), [shown])
  const { columns, count, total, pending } = shown.snapshot
  const status = useStatus(watch)
  const filter = useMemo(() => parseFilter(address.filter, columns), [address.filter, columns])
  useViewOptions(view, {
    columns: address.wide ? 'wide' : 'default',
    sort: address.sort ? [address.sort] : [],
    filter,
  })
  const hasRows = total > 0 || shown.departed.length > 0
  const hasGrid = hasRows && places.count > 0
  const ended = status.phase === 'failed' || status.phase === 'auth'

  const grid = useRef<HTMLDivElement>(null)
  const [reveal, setReveal] = useState<{ readonly place: number }>()
  const selection = useSelection({
    table,
    departures,
    places,
    named: address.selected,
    find: async (object) => {
      await watch.synced.catch(() => {})
      return findRow(watch, object, view.getSnapshot().columns)
    },
    onName: (selected) => onChange({ selected }),
    onFound: (place) => setReveal({ place }),
  })
  const atRow = useHasFocus(grid, hasGrid) && selection.place !== undefined
  const menuIsOpen = useMenuIsOpen()
  const apply = useHold(view, atRow || menuIsOpen, pending)

  const { opened } = address
  useReturnOfFocus(opened, grid)
  const open = ({ meta: { namespace, name } }: Row) => {
    const object: ObjectName = { namespace, name }
    onChange({ selected: object, opened: object })
  }
  const close = () => onChange({ opened: undefined })

  return (
    <>
      <StatusLine watch={watch} status={status} noun={noun} rows={total} brief={ended && !hasRows} />
      {hasRows && (
        <Facets
          watch={watch}
          columns={columns}
          total={total}
          filter={address.filter}
          onChange={(text) => onChange({ filter: text })}
        />
      )}
      <div className="beside">
        <div className="table">
          {hasGrid ? (
            <Grid
              element={grid}
              view={view}
              snapshot={shown.snapshot}
              places={places}
              selection={selection}
              reveal={reveal}
              onOpen={open}
              onEscape={() => (opened ? close() : selection.select(undefined))}
              onApply={apply}
              label={`${noun}${address.namespace && ` in ${address.namespace}`}`}
              withNamespace={spansNamespaces}
              sort={address.sort}
              onSort={(sort) => onChange({ sort })}
              stale={status.staleSince !== undefined}
            />
          ) : (
            <Notice
              watch={watch}
              status={status}
              noun={noun}
              namespace={address.namespace}
              filtered={hasRows}
              onClearFilter={() => onChange({ filter: '' })}
            />
          )}
          <Waiting pending={pending} byRow={atRow} onApply={apply} />
        </div>
        {opened && (
          <Suspense fallback={<section className="drawer" aria-busy="true" />}>
            <Drawer
              client={client}
              watch={watch}
              columns={columns}
              resource={address}
              object={opened}
              resources={resources}
              onClose={close}
            />
          </Suspense>
        )}
      </div>
      {hasRows && address.filter !== '' && count < total && (
        <p className="matches" role="status">
          {formatCount(count)} of {formatCount(total)} {noun} match
        </p>
      )}
    </>
  )
}

/** When the object is closed, the focus goes back to the table, where its row is. */
function useReturnOfFocus(opened: ObjectName | undefined, grid: React.RefObject<HTMLDivElement | null>): void {
  const isOpen = opened !== undefined
  useEffect(() => {
    if (!isOpen) return
    return () => {
      // Who has gone on to the filter or a menu stays there.
      if (document.activeElement === document.body || document.activeElement?.closest('.drawer'))
        grid.current?.focus({ preventScroll: true })
    }
  }, [isOpen, grid])
}
