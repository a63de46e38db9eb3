import type { Column, TableWatch } from 'kube-watchlist'
import { useEffect, useState } from 'react'
import { count } from '../format'
import { cellTone } from '../table/cells'
import { type Facet, FacetCounter } from './facet-counter'
import { allowedValues, toggleValue } from './language'

interface Props {
  readonly watch: TableWatch
  readonly columns: readonly Column[]
  readonly total: number
  readonly filter: string
  readonly onChange: (filter: string) => void
}

/** Columns with few values, of which the first that a table has is counted. */
const counted = ['Status', 'Phase', 'State', 'Type']

/** Beyond this, a view for each value costs more memory than it is worth. */
const mostRows = 250_000

/** The values of Status with their counts; a click filters by one. */
export function Facets({ watch, columns, total, filter, onChange }: Props) {
  const name = counted.find((wanted) => columns.some((column) => column.name === wanted))
  const column = columns.find((candidate) => candidate.name === name)
  const [facets, setFacets] = useState<readonly Facet[]>([])
  const few = total <= mostRows
  useEffect(() => {
    if (name === undefined || !few) return
    const counter = new FacetCounter(watch, name, setFacets)
    return () => {
      counter.close()
      setFacets([])
    }
  }, [watch, name, few])
  // The place is kept while they are counted: a table that jumps is not calm.
  if (column === undefined || !few) return null
  const allowed = allowedValues(filter, column.name)
  return (
    <div className="facets" role="group" aria-label={`Filter by ${column.name}`}>
      {facets.map((facet) => (
        <button
          key={facet.value}
          type="button"
          className="facet"
          aria-pressed={allowed.includes(facet.value)}
          data-tone={cellTone(column, facet.value)}
          onClick={() => onChange(toggleValue(filter, column.name, facet.value))}
        >
          {facet.value || 'none'} <strong>{count(facet.count)}</strong>
        </button>
      ))}
    </div>
  )
}
