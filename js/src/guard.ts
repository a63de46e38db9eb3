/**
 * The one door between JavaScript and a wasm instance, in both directions.
 *
 * A panic, a stack overflow or exhausted memory unwinds Rust without running its destructors: from then on the instance cannot be
 * trusted. Rust errors do not look like that (the glue throws them after the export has returned), so the rule is simple:
 * **whatever an export throws is the death of its instance.** It holds for calls that we make as for promise callbacks, finalizers
 * and timers, since all of them pass through `instance.exports`; and no frame of a dead instance runs on, since a call out of it
 * that returns after its death throws.
 */
import { type Glue, instantiate } from './glue.js'

/** What a dead instance answers: reads as nothing, whichever way the glue unpacks it. */
const NOTHING: readonly number[] = Object.freeze([0, 0, 0, 0])

/** One instance and its memory. */
export class Instance {
  #dead = false
  /** Whoever has to know of the death knows. */
  #told = false
  /** What was thrown when it died. */
  #thrown: unknown
  /** Where Rust said that it panicked, before the trap came. */
  #location = ''
  readonly #died: (instance: Instance) => void
  readonly glue: Glue
  /** When it was made, by `performance.now()`. */
  readonly born = performance.now()

  /** @param died Called once, in a later task, when the instance is no more. */
  constructor(module: WebAssembly.Module, died: (instance: Instance) => void, make: typeof instantiate = instantiate) {
    this.#died = died
    this.glue = make((imports) => this.#link(module, imports))
    this.glue.onPanic((location) => {
      this.#location = location
    })
  }

  get dead(): boolean {
    return this.#dead
  }

  /** How it ended, in words that follow "the decoder". */
  get end(): string {
    if (this.#location !== '') return `stopped at ${this.#location} (please report it)`
    // A trap without a panic; each engine says it in other words.
    const said = this.#thrown instanceof Error ? this.#thrown.message : ''
    if (/stack|recursion|bounds/i.test(said)) return 'ran out of stack'
    return /unreachable/i.test(said) ? 'ran out of memory' : 'stopped'
  }

  /**
   * Runs a call into the instance. Undefined where the instance is dead, or died of it; a Rust error is thrown.
   */
  enter<T>(call: (glue: Glue) => T): T | undefined {
    if (this.#dead) {
      this.#tell()
      return undefined
    }
    const result = call(this.glue)
    return this.#dead ? undefined : result
  }

  /** Drops it: what is still under way in it finds it dead. */
  drop(): void {
    this.#dead = this.#told = true
  }

  /** Not now: frames of ours may be on the stack. */
  #tell(): void {
    if (this.#told) return
    setTimeout(this.#died, 0, this)
    this.#told = true
  }

  #link(module: WebAssembly.Module, imports: WebAssembly.Imports): WebAssembly.Exports {
    const outward: WebAssembly.Imports = {}
    for (const [name, functions] of Object.entries(imports)) {
      outward[name] = Object.fromEntries(
        Object.entries(functions).map(([key, value]) => [
          key,
          typeof value === 'function' ? this.#outward(value as Call) : value,
        ]),
      )
    }
    const { exports } = new WebAssembly.Instance(module, outward)
    return Object.fromEntries(
      Object.entries(exports).map(([key, value]) => [
        key,
        typeof value === 'function' ? this.#inward(value as Call) : value,
      ]),
    ) as WebAssembly.Exports
  }

  #inward(call: Call): Call {
    return (...args) => {
      try {
        if (!this.#dead) return call(...args)
      } catch (thrown) {
        this.#thrown ??= thrown
        this.#dead = true
      }
      // Where the stack is used up this throws too; whoever comes next tells.
      this.#tell()
      return NOTHING
    }
  }

  #outward(call: Call): Call {
    return (...args) => {
      const result = call(...args)
      if (this.#dead) {
        // Died, or was dropped, while the page's code ran: nobody is left to hear how this ends.
        if (result instanceof Promise) result.catch(() => undefined)
        throw new Error('this instance is no more')
      }
      return result
    }
  }
}

type Call = (...args: unknown[]) => unknown
