// What the fake API server can be told to do wrong, as the menu offers it.
import { ask } from '../connection/use-connection'

export interface Trouble {
  readonly name: string
  readonly hint: string
  /** As `POST /_fake/faults` takes it; none for what happens once. */
  readonly fault?: { readonly kind: string } & Readonly<Record<string, unknown>>
  /** After that all watches end and the history is forgotten, so that the trouble is met at once. */
  readonly restart?: boolean
}

/** A fault as the server has it in force. */
export interface FaultInForce {
  readonly id: number
  readonly kind: string
}

export const troubles: readonly Trouble[] = [
  {
    name: 'Pull the cable',
    hint: 'Silence, and no end: noticed within minutes',
    fault: { kind: 'pulled-cable' },
  },
  {
    name: 'Slow link',
    hint: '10 Mbit/s, and a new snapshot to carry',
    fault: { kind: 'slow-link', bytes: 1_250_000 },
    restart: true,
  },
  {
    name: 'Drop the end bookmark',
    hint: 'No streaming list says any more that it is whole',
    fault: { kind: 'drop-end-bookmark', match: { request: 'watchlist' } },
    restart: true,
  },
  {
    name: '410 Gone',
    hint: 'Streams end, and the history is forgotten: once',
    restart: true,
  },
  {
    name: 'Token expires',
    hint: '401',
    fault: { kind: 'unauthorized' },
    restart: true,
  },
  {
    name: 'Permission is taken',
    hint: '403',
    fault: { kind: 'forbidden', user: 'jane' },
    restart: true,
  },
  {
    name: 'Server is busy',
    hint: '429, three times, try again after 3 s',
    fault: { kind: 'too-many-requests', retryAfter: 3, times: 3 },
    restart: true,
  },
  {
    name: 'Server is down',
    hint: '503, from something before it',
    fault: { kind: 'unavailable' },
    restart: true,
  },
]

export const profiles = ['1.18', '1.26', '1.32', '1.33', '1.37']

/** Writes a second, as the menu offers them. */
export const churns = [0, 20, 100, 500, 2000]

export async function faultsInForce(signal: AbortSignal): Promise<readonly FaultInForce[] | undefined> {
  const faults = await ask('/_fake/faults', signal)
  return Array.isArray(faults) ? (faults as FaultInForce[]) : undefined
}

export async function cause({ fault, restart }: Trouble): Promise<void> {
  if (fault) await post('faults', fault)
  if (restart) await post('restart', {})
}

/** Ends one fault, or all. */
export async function mend(fault?: FaultInForce): Promise<void> {
  await fetch(`/_fake/faults${fault ? `?id=${fault.id}` : ''}`, { method: 'DELETE' })
}

/** From now on the server is of another version; open watches end. */
export async function become(profile: string): Promise<void> {
  await post('profile', { profile })
}

export async function setChurn(perSecond: number): Promise<void> {
  await post('churn', { perSecond })
}

async function post(control: string, body: unknown): Promise<void> {
  await fetch(`/_fake/${control}`, { method: 'POST', body: JSON.stringify(body) })
}
