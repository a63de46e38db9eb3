/** Written by scripts/build.mjs. */
export const base64: string
