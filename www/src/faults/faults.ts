// What the fake API server can be told to do wrong, as the menu offers it.

export interface Trouble {
  readonly name: string
  readonly hint: string
  /** As `POST /_fake/faults` takes them; each is told first, then streams that are open end. */
  readonly faults: readonly Readonly<Record<string, unknown>>[]
  /** `restart` ends all watches and forgets the history; without it only the next request meets the fault. */
  readonly restart: boolean
}

export const troubles: readonly Trouble[] = [
  {
    name: 'End the streams and compact',
    hint: 'The watch ends; resuming gets 410, so a new snapshot comes',
    faults: [],
    restart: true,
  },
  {
    name: 'Drop the end bookmark',
    hint: 'The next snapshot by WatchList never says that it is whole',
    faults: [{ kind: 'drop-end-bookmark', match: { request: 'watchlist' } }],
    restart: true,
  },
  {
    name: 'Pull the cable',
    hint: 'Nothing answers until you mend it',
    faults: [{ kind: 'hang' }],
    restart: true,
  },
  { name: 'Token expires', hint: '401 until you mend it', faults: [{ kind: 'unauthorized' }], restart: true },
  {
    name: 'Permission is taken',
    hint: '403 until you mend it',
    faults: [{ kind: 'forbidden', user: 'jane' }],
    restart: true,
  },
  {
    name: 'Server is busy',
    hint: '429, three times, try again after 3 s',
    faults: [{ kind: 'too-many-requests', retryAfter: 3, times: 3 }],
    restart: true,
  },
  {
    name: 'Slow link',
    hint: '300 kB a second',
    faults: [{ kind: 'slow', bytes: 300_000 }],
    restart: true,
  },
]

export const profiles = ['1.18', '1.26', '1.32', '1.33', '1.37']

/** Writes a second, as the menu offers them. */
export const churns = [0, 20, 100, 500, 2000]

export async function cause(trouble: Trouble): Promise<void> {
  for (const fault of trouble.faults) await post('faults', fault)
  if (trouble.restart) await post('restart', {})
}

export async function mend(): Promise<void> {
  await fetch('/_fake/faults', { method: 'DELETE' })
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
