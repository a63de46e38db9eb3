/** From whatever the caller has to a compiled module, or to an error that names the line to change. */
import { WatchError } from './errors.js'
import type { WasmSource } from './types.js'

/** The least module that uses a 128-bit vector: `(func (drop (v128.const i64x2 0 0)))`. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 26, 11,
])

/** The first bytes of every module: `\0asm`. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d]

/** Where an entry point of the package has its module: one function an entry, by which its module is known. */
export type DefaultWasm = () => WasmSource | Promise<WasmSource>

/** What was compiled on this page, by address, and by what else it came from: a module is compiled once, however many clients use it. */
const byAddress = new Map<string, Promise<WebAssembly.Module>>()
const bySource = new WeakMap<object, Promise<WebAssembly.Module>>()

/** {@link compile}, once for each source. What fails is tried anew by the next call. */
export function load(source: WasmSource | DefaultWasm): Promise<WebAssembly.Module> {
  const key = source instanceof URL ? source.href : source
  const known = (typeof key === 'string' ? byAddress : bySource) as Map<unknown, Promise<WebAssembly.Module>>
  let module = known.get(key)
  if (module === undefined) {
    module = begin(source)
    known.set(key, module)
    module.catch(() => known.delete(key))
  }
  return module
}

async function begin(source: WasmSource | DefaultWasm): Promise<WebAssembly.Module> {
  return compile(typeof source === 'function' ? await source() : source)
}

/**
 * Compiles a module.
 *
 * @throws WatchError `unsupported-engine` where the engine lacks WebAssembly or its 128-bit vectors; `csp` where the page's
 * policy forbids it; `wasm-not-found`, `wasm-not-wasm` or `wasm-unreachable` where the file is not where it is looked for.
 */
export async function compile(source: WasmSource): Promise<WebAssembly.Module> {
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(SIMD_PROBE)) {
    throw new WatchError({
      code: 'unsupported-engine',
      message:
        'This browser has no WebAssembly with 128-bit SIMD (Chrome 91, Firefox 89, Safari 16.4 and later have it).',
    })
  }
  if (source instanceof WebAssembly.Module) return source
  if (source instanceof Response) return fromResponse(source)
  if (typeof source === 'string' || source instanceof URL) return fromResponse(await request(source))
  return guardCompile(WebAssembly.compile(source))
}

async function request(address: URL | string): Promise<Response> {
  try {
    return await fetch(address, { credentials: 'same-origin' })
  } catch {
    throw new WatchError({
      code: 'wasm-unreachable',
      message:
        'kube_watchlist_bg.wasm could not be fetched. Serve it beside the script, or tell createClient({ wasm }) where it is.',
    })
  }
}

async function fromResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) {
    throw new WatchError({
      code: 'wasm-not-found',
      httpStatus: response.status,
      message: `kube_watchlist_bg.wasm: HTTP ${response.status}. ${ADVICE}`,
    })
  }
  const type = response.headers.get('content-type')?.toLowerCase()
  // Streaming takes this type alone, without parameters.
  if (type === 'application/wasm') return guardCompile(WebAssembly.compileStreaming(response))
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw new WatchError({
      code: 'wasm-not-wasm',
      message: `The server answered with ${type === undefined ? 'something' : `type ${type}`} where kube_watchlist_bg.wasm should be. ${ADVICE}`,
    })
  }
  return guardCompile(WebAssembly.compile(bytes))
}

/** What helps in nearly all cases where the file is not where the script looks for it. */
const ADVICE =
  "With Vite 7 or older add optimizeDeps: { exclude: ['kube-watchlist'] } to its configuration; with a bundler that copies no assets" +
  " import 'kube-watchlist/inline' instead; otherwise serve the file and pass its address as createClient({ wasm })."

async function guardCompile(compiling: Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  try {
    return await compiling
  } catch (error) {
    // Engines tell a policy from a broken file by their words alone.
    if (error instanceof Error && /unsafe-eval|Content Security Policy|blocked by CSP/i.test(error.message)) {
      throw new WatchError({
        code: 'csp',
        message: "The page's Content-Security-Policy forbids WebAssembly. Add 'wasm-unsafe-eval' to its script-src.",
      })
    }
    throw new WatchError({
      code: 'wasm-invalid',
      message: 'kube_watchlist_bg.wasm could not be compiled: the file is damaged or not of this version.',
    })
  }
}
