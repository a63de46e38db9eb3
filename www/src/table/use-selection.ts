import type { Row } from 'kube-watchlist'
import { useEffect, useRef, useState } from 'react'
import { type ObjectName, sameObject } from '../address'
import type { Departures, Places } from './departures'
import type { OpenTable } from './use-view'

export interface Selection {
  /** Where it was drawn last; `undefined` where nothing is selected, or the filter hides it. */
  readonly place: number | undefined
  /** Its key, where it has come. */
  readonly key: string | undefined
  /** Selects what is drawn at a place. */
  select(place: number | undefined): void
}

interface Selected {
  /** Where it was seen last. */
  readonly place: number
  /** `undefined` while its row has not come. */
  readonly row: Row | undefined
  /** It is in the table, but does not pass the filter. */
  readonly hidden?: boolean
}

/** A held arrow key must not write the address at each repetition: browsers refuse that after a while. */
const settles = 250

interface Options {
  readonly table: OpenTable
  readonly departures: Departures
  readonly places: Places
  /** As the address has it. */
  readonly named: ObjectName | undefined
  readonly find: (object: ObjectName) => Promise<Row | undefined>
  readonly onName: (object: ObjectName | undefined) => void
  /** It was chosen elsewhere: it has to be brought into view. */
  readonly onFound: (place: number) => void
}

/**
 * The row that one is at: one object, whatever the order, the filter or a new snapshot make of its place. The address has
 * its name.
 */
export function useSelection(options: Options): Selection {
  const { table, departures, places, named, find, onName, onFound } = options
  const { view } = table
  const [selected, setSelected] = useState<Selected>()
  const written = useRef<ObjectName>(undefined)
  /** What the address names, while its row is looked for. */
  const sought = useRef<ObjectName>(undefined)
  /** How often the address named another row: the one that was left for it is not written any more. */
  const turns = useRef(0)
  const now = useRef(options)
  now.current = options

  // The row is elsewhere by now, or there at last, or gone.
  const here = selected && places.at(selected.place).row
  // A place beyond the end has no row that could still come.
  const lost = selected !== undefined && (selected.hidden || selected.place >= places.count)
  useEffect(() => {
    if (selected === undefined || (here === undefined && !lost) || (here && here.key === selected.row?.key)) {
      if (selected?.hidden && here && here.key === selected.row?.key) setSelected({ ...selected, hidden: false })
      return
    }
    const { row } = selected
    if (row === undefined) {
      setSelected(here && { place: selected.place, row: here })
      return
    }
    let superseded = false
    void locate(row.key, view, departures, places).then((found) => {
      if (superseded) return
      if (typeof found === 'number') setSelected({ place: found, row })
      else if (found === 'hidden') setSelected((before) => (before?.hidden ? before : { ...selected, hidden: true }))
      // Its object is gone: the keyboard stays where it is, at the row that moved up.
      else setSelected({ place: Math.min(selected.place, Math.max(0, places.count - 1)), row: here })
    })
    return () => {
      superseded = true
    }
  }, [view, departures, places, selected, here, lost])

  // The address names another one.
  const key = named && `${named.namespace}/${named.name}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another name is news
  useEffect(() => {
    if (sameObject(named, written.current)) return
    written.current = named
    sought.current = named
    turns.current += 1
    if (named === undefined) {
      setSelected(undefined)
      return
    }
    let superseded = false
    let done = false
    void find(named).then(async (row) => {
      if (superseded) return
      done = true
      const found = row && (await locate(row.key, view, departures, now.current.places))
      // Whoever has selected a row since, or gone on, stays there.
      if (sought.current !== named) return
      sought.current = undefined
      setSelected(row && { place: typeof found === 'number' ? found : 0, row, hidden: found === 'hidden' })
      if (typeof found === 'number') onFound(found)
    })
    return () => {
      superseded = true
      if (!done) written.current = undefined
    }
  }, [key])

  // And the other way round.
  const { namespace, name } = selected?.row?.meta ?? {}
  useEffect(() => {
    if (name === undefined || namespace === undefined) return
    const turn = turns.current
    const timer = setTimeout(() => {
      const object = { namespace, name }
      if (turn !== turns.current || sameObject(object, written.current)) return
      written.current = object
      now.current.onName(object)
    }, settles)
    return () => clearTimeout(timer)
  }, [namespace, name])

  const select = (place: number | undefined) => {
    sought.current = undefined
    setSelected(place === undefined ? undefined : { place, row: places.at(place).row })
    if (place === undefined && written.current) {
      written.current = undefined
      onName(undefined)
    }
  }
  const visible = selected && !selected.hidden && selected.place < places.count
  return { place: visible ? selected.place : undefined, key: visible ? selected.row?.key : undefined, select }
}

async function locate(key: string, view: OpenTable['view'], departures: Departures, places: Places) {
  const index = await view.indexOf(key).catch(() => undefined)
  if (index === undefined) return 'hidden'
  if (index >= 0) return places.of(index)
  return (await departures.isGone(key)) ? 'gone' : 'hidden'
}
