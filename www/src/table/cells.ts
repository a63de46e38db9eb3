// How a cell looks: its text, and whether its value is a sign of trouble.
import type { Cell, Column } from 'kube-watchlist'

export type CellTone = 'ok' | 'wait' | 'bad' | 'done' | undefined

/** More than this is never seen in one line, and a megabyte in a cell would cost layout time. */
const longest = 300

export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return ''
  const text = typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

export function isNumeric(column: Column): boolean {
  return column.type === 'integer' || column.type === 'number'
}

/** Columns whose values change with the time alone; their change is no news. */
export function ticks(column: Column): boolean {
  return column.type === 'date' || /^(Age|Last Seen|First Seen|Last Schedule|Duration)$/.test(column.name)
}

export function isState(column: Column): boolean {
  return /^(Status|Phase|State|Ready|Type|Conditions?)$/.test(column.name)
}

const exact: Record<string, CellTone> = {
  Running: 'ok',
  Ready: 'ok',
  Active: 'ok',
  Bound: 'ok',
  Available: 'ok',
  True: 'ok',
  Normal: 'ok',
  Completed: 'done',
  Complete: 'done',
  Succeeded: 'done',
  Pending: 'wait',
  ContainerCreating: 'wait',
  PodInitializing: 'wait',
  Terminating: 'wait',
  Unknown: 'wait',
  Suspended: 'wait',
  SchedulingGated: 'wait',
  Warning: 'bad',
  Failed: 'bad',
  Lost: 'bad',
  False: 'bad',
  Evicted: 'bad',
  NotReady: 'bad',
  OOMKilled: 'bad',
  NodeLost: 'bad',
}

/** `done`: the object has run to its end, so that what is not ready is no sign of trouble. */
export function cellTone(column: Column, text: string, done = false): CellTone {
  if (!isState(column)) return undefined
  const [first = ''] = text.split(',')
  if (first in exact)
    return text.includes('SchedulingDisabled') && exact[first] === 'ok' ? 'wait' : exact[first]
  if (/BackOff|Err|Error|Invalid|Failed|DeadlineExceeded/.test(text)) return 'bad'
  if (/^Init:/.test(text)) return 'wait'
  const ready = /^(\d+)\/(\d+)$/.exec(text)
  if (ready && !done) return Number(ready[1]) < Number(ready[2]) ? 'wait' : undefined
  return undefined
}
