// Throughput from counters that are read once a second.

export interface Sample {
  /** Milliseconds, of a clock that only goes forward. */
  readonly at: number
  /** Bytes since the last snapshot began: it falls when a new one does. */
  readonly bytes: number
  /** Events since the start. */
  readonly events: number
}

export interface Rates {
  /** A second, of the last interval. */
  readonly bytes: number
  readonly events: number
}

/** So many are remembered, for the lines. */
const remembered = 60

export class RateMeter {
  #last: Sample | undefined
  #rates: Rates[] = []

  /** Takes the counters as they are now. */
  take(sample: Sample): void {
    const last = this.#last
    this.#last = sample
    if (last === undefined || sample.at <= last.at) return
    const seconds = (sample.at - last.at) / 1000
    const bytes = grown(last.bytes, sample.bytes)
    this.#rates = [
      ...this.#rates.slice(1 - remembered),
      { bytes: bytes / seconds, events: grown(last.events, sample.events) / seconds },
    ]
  }

  /** Oldest first; none until two samples were taken. */
  get rates(): readonly Rates[] {
    return this.#rates
  }
}

/** A counter that fell began anew in between. */
function grown(before: number, now: number): number {
  return now < before ? now : now - before
}

/** The points of a line in a box, newest at the right edge; the greatest value touches the top. */
export function linePoints(values: readonly number[], width: number, height: number): string {
  const most = Math.max(...values, 0)
  const step = width / (remembered - 1)
  return values
    .map((value, index) => {
      const x = width - (values.length - 1 - index) * step
      const y = height - (most === 0 ? 0 : (value / most) * height)
      return `${x.toFixed(1)},${y.toFixed(1)}`
    })
    .join(' ')
}
