import { useMemo } from 'react'
import type { Address } from './address'
import { Facets } from './filter/Facets'
import { parseFilter } from './filter/language'
import { Notice } from './Notice'
import { StatusLine } from './status/StatusLine'
import { useStatus } from './status/use-status'
import { Grid } from './table/Grid'
import { type OpenTable, useSnapshot, useViewOptions } from './table/use-view'

interface Props {
  readonly table: OpenTable
  readonly address: Address
  readonly noun: string
  readonly spansNamespaces: boolean
  readonly onChange: (change: Partial<Address>) => void
}

/** The status, the facets and the table of one resource. */
export function TablePage({ table, address, noun, spansNamespaces, onChange }: Props) {
  const { watch, view } = table
  const snapshot = useSnapshot(view)
  const status = useStatus(watch)
  const { columns, count, total } = snapshot
  const filter = useMemo(() => parseFilter(address.filter, columns), [address.filter, columns])
  useViewOptions(view, {
    columns: address.wide ? 'wide' : 'default',
    sort: address.sort ? [address.sort] : [],
    filter,
  })
  const hasRows = total > 0
  const ended = status.phase === 'failed' || status.phase === 'auth'
  const stale = status.staleSince !== undefined

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
      {hasRows && count > 0 ? (
        <Grid
          view={view}
          snapshot={snapshot}
          label={`${noun}${address.namespace && ` in ${address.namespace}`}`}
          withNamespace={spansNamespaces}
          sort={address.sort}
          onSort={(sort) => onChange({ sort })}
          stale={stale}
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
      {hasRows && count < total && (
        <p className="matches" role="status">
          {count.toLocaleString('en')} of {total.toLocaleString('en')} {noun} match
        </p>
      )}
    </>
  )
}
