/** What changed, as bits: `Notice` of `wasm/src/pump.rs`. */
export const NOTICE = { status: 1, rows: 2, snapshot: 4 } as const
