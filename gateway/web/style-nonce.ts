/**
 * The page's nonce, by which the browser knows style elements as ours (gateway/security-headers.ts). Read from the page: the browser
 * hides it from whoever looks at the attribute.
 */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

/** For react-remove-scroll, by which Mantine's dialogs hold the page still: its `get-nonce` looks for this name. */
export function startStyleNonce(): void {
  Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
}
