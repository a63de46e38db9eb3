/** Calls `draw` once for any number of requests: at the next animation frame, or within a second where the page draws none. */
export class Frame {
  readonly #draw: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #frame: number | undefined

  constructor(draw: () => void) {
    this.#draw = draw
  }

  request(): void {
    if (this.#timer !== undefined) return
    // A hidden page, or one in an iframe out of sight, has no frames: the timer comes instead.
    const frames = typeof requestAnimationFrame === 'function'
    this.#timer = setTimeout(this.#run, frames ? HIDDEN_MS : FRAME_MS)
    if (frames) this.#frame = requestAnimationFrame(this.#run)
  }

  cancel(): void {
    clearTimeout(this.#timer)
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#timer = undefined
    this.#frame = undefined
  }

  readonly #run = (): void => {
    this.cancel()
    this.#draw()
  }
}

const HIDDEN_MS = 1000
/** Where there are no animation frames at all, as in Node. */
const FRAME_MS = 16
