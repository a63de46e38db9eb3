import type { TableWatch, WatchStatus } from 'kube-watchlist'
import type { ReactNode } from 'react'
import { bytes, count } from './format'
import { explain, way } from './status/describe'

interface Props {
  readonly watch: TableWatch
  readonly status: WatchStatus
  readonly noun: string
  readonly namespace: string
  /** There are rows, but none passes the filter. */
  readonly filtered: boolean
  readonly onClearFilter: () => void
}

/** What stands where rows would: how far the sync is, or why there are none and what one can do. */
export function Notice({ watch, status, noun, namespace, filtered, onClearFilter }: Props) {
  const why = status.error && explain(status.error)
  const retry = (
    <button type="button" className="button button-main" onClick={() => watch.retry()}>
      Try again
    </button>
  )
  if (filtered) {
    return (
      <Panel title={`No ${noun} match the filter`}>
        <button type="button" className="button button-main" onClick={onClearFilter}>
          Clear the filter
        </button>
      </Panel>
    )
  }
  switch (status.phase) {
    case 'connecting':
      return status.error ? <NotThere why={why} retry={retry} /> : <Syncing status={status} noun={noun} />
    case 'syncing':
      return <Syncing status={status} noun={noun} />
    case 'live':
    case 'polling':
      return (
        <Panel title={`No ${noun} ${namespace ? `in ${namespace}` : 'here'}`}>
          <p>
            {namespace
              ? 'The namespace has none, or there is no such namespace: choose another, or wait.'
              : 'The server has none: choose another resource, or wait.'}{' '}
            The first one will appear here by itself.
          </p>
        </Panel>
      )
    case 'auth':
      return (
        <Panel title="Signed out" why={why}>
          <p>Sign in again where you got your credentials, then try again.</p>
          {retry}
        </Panel>
      )
    case 'failed':
      return (
        <Panel title={why?.text ?? 'It failed'} why={why && { ...why, text: '' }}>
          <p>{advice(status, noun)}</p>
          {retry}
        </Panel>
      )
    case 'paused':
      return (
        <Panel title="Paused" why={why}>
          <button type="button" className="button button-main" onClick={() => watch.resume()}>
            Go on
          </button>
        </Panel>
      )
    case 'stale':
    case 'resuming':
      return <NotThere why={why} retry={retry} />
    case 'closed':
      return <Panel title="Closed" />
  }
}

function NotThere({ why, retry }: { readonly why: Why | undefined; readonly retry: ReactNode }) {
  return (
    <Panel title="Not connected" why={why}>
      <p>
        Nothing has come yet, and it is tried again by itself, as the line above says. If that does not help: does the
        server run, and do your network, VPN and proxy let you reach it?
      </p>
      {retry}
    </Panel>
  )
}

function advice(status: WatchStatus, noun: string): string {
  if (status.error?.httpStatus === 403)
    return `Choose a namespace that you may read, or ask for the right to list and watch ${noun}.`
  if (status.error?.httpStatus === 404) return 'Choose another resource: this server does not have this one.'
  return 'The status line above says how the page tried.'
}

function Syncing({ status, noun }: { readonly status: WatchStatus; readonly noun: string }) {
  const { objects, total } = status.progress
  return (
    <div className="notice notice-syncing">
      <p className="counter">
        <strong>{count(objects)}</strong> {noun}
      </p>
      <p className="counter-more">
        {bytes(status.progress.bytes)} · {way(status)} · shown when it is whole
      </p>
      {total !== undefined && <progress value={objects} max={total} aria-label={`${noun} received`} />}
    </div>
  )
}

interface Why {
  readonly text: string
  /** The server's own sentence. */
  readonly quote?: string
}

interface PanelProps {
  readonly title: string
  readonly why?: Why | undefined
  readonly children?: ReactNode
}

function Panel({ title, why, children }: PanelProps) {
  return (
    <div className="notice">
      <h2>{title}</h2>
      {why?.text && <p>{why.text}</p>}
      {why?.quote && <q>{why.quote}</q>}
      {children}
    </div>
  )
}
