/**
 * What the page may do: its own scripts and WebAssembly, its own styles, requests to its own origin. Nothing inline,
 * nothing from elsewhere. In the page's HTML, and in the header of what serves it.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')
