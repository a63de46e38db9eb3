import type { TableWatch } from 'kube-watchlist'
import { useEffect, useReducer, useState } from 'react'
import { ago, bytes, count, rate, took } from '../format'
import { useStatus } from '../status/use-status'
import { linePoints, RateMeter } from './rates'

interface Props {
  /** The same for as long as the panel lives. */
  readonly watch: TableWatch
  readonly id: string
}

const box = { width: 72, height: 18 }

/** What the table costs and how fast it is, read once a second while it is looked at. */
export function StatsPanel({ watch, id }: Props) {
  const meter = useMeter(watch)
  const status = useStatus(watch)
  const { rates } = meter
  const now = rates.at(-1)
  const silence = status.lastEventAt === undefined ? undefined : Date.now() - status.lastEventAt
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: where it is too narrow, the keyboard scrolls it
    <section id={id} className="stats" aria-label="Throughput and memory" tabIndex={0}>
      <dl>
        <Figure name="Events" values={rates.map(({ events }) => events)}>
          {now ? `${rate(now.events)}/s` : '…'}
        </Figure>
        <Figure name="Received" values={rates.map((each) => each.bytes)}>
          {now ? `${bytes(Math.round(now.bytes))}/s` : '…'}
        </Figure>
        <Figure name="Events so far">{count(status.events)}</Figure>
        <Figure name="Rows">{count(status.progress.objects)}</Figure>
        <Figure
          name="Memory of the core"
          title="Linear memory of the WebAssembly instance; all tables of the page share it"
        >
          {bytes(status.memoryBytes)}
        </Figure>
        <Figure name="Last snapshot" title="From its request until it was whole">
          {status.syncDurationMs === undefined ? '–' : took(status.syncDurationMs)}
        </Figure>
        <Figure name="Last event">{silence === undefined ? '–' : `${ago(silence)} ago`}</Figure>
        <Figure name="Asked again" title="How many times a stream or a snapshot had to be asked for again">
          {count(status.reconnects)}
        </Figure>
        <Figure name="Unreadable" title="Documents that could not be read, and tails that were cut off">
          {count(status.droppedFrames)}
        </Figure>
      </dl>
    </section>
  )
}

interface FigureProps {
  readonly name: string
  readonly title?: string
  /** Drawn as a line of the last minute. */
  readonly values?: readonly number[]
  readonly children: string
}

function Figure({ name, title, values, children }: FigureProps) {
  return (
    <div className="figure" title={title}>
      <dt>{name}</dt>
      <dd>
        {children}
        {values && (
          <svg viewBox={`0 -1 ${box.width} ${box.height + 2}`} aria-hidden="true">
            <polyline points={linePoints(values, box.width, box.height)} />
          </svg>
        )}
      </dd>
    </div>
  )
}

function useMeter(watch: TableWatch): RateMeter {
  const [meter] = useState(() => new RateMeter())
  const [, draw] = useReducer((turn: number) => turn + 1, 0)
  useEffect(() => {
    const read = () => {
      const { progress, events } = watch.status
      meter.take({ at: performance.now(), bytes: progress.bytes, events })
      draw()
    }
    read()
    const timer = setInterval(read, 1000)
    return () => clearInterval(timer)
  }, [watch, meter])
  return meter
}
