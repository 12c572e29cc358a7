/** Stands where a secret was. */
export const REDACTED = '***';

/** Ends of names that firmwares give to secrets: `password`, `userpassword`, `loginpas`, `apikey`, `Auth-Token`. */
const secretName = String.raw`[\w.-]*(?:passw(?:or)?d|passwd|pass|pas|pwd|psw|pw|token|auth|secret|key)`;
/** Xiongmai and others write fields into the path with `_` between: `/user=admin_password=x_channel=1_stream=0.sdp`. */
const nextField = String.raw`_(?:user(?:name)?|channel|ch|stream|(?:sub)?type|profile)=|;[\w.-]+=`;
const inPath = new RegExp(`(${secretName})=([^&/]*?)(?=$|[&/]|${nextField})`, 'giu');
/** A slash within a query is part of a value: tokens in base64 have it. */
const inQuery = new RegExp(`(${secretName})=([^&]*?)(?=$|&|${nextField})`, 'giu');
/** `/0/admin:secret/main`. A number of up to three digits is a channel, not a password. */
const pairInPath = /(?<=\/)([a-z][\w.-]*|\d{6}):(?!\d{0,3}(?:\/|$))([^/]+)/giu;
/** Behind its authority nothing that a secret stands behind. Of an inventory most addresses are so. */
const withoutSecret = /^[a-z+]+:\/\/[^/?#]*(?:[/?#][^:=]*)?$/isu;
const escapedName = /[\w.-]*%[\da-f]{2}[\w.%-]*(?==)/giu;
const isSecretName = new RegExp(`^${secretName}$`, 'iu');

/**
 * Some firmwares take the password in the path or query (`?password=…`, `/user=admin_password=…_channel=1`, `/admin:…/main`). By
 * these forms it is known, and replaced by REDACTED; the user's name stays. Where the end of a secret is in doubt, more is hidden
 * than it needs.
 */
export function redactStreamAddress(url: string): string {
  if (withoutSecret.test(url)) return url;
  const [, authority = '', path = '', query = ''] =
    /^([a-z+]+:\/\/[^/?#]*)([^?]*)(.*)$/isu.exec(url) ?? [];
  if (authority === '') return url;
  return (
    authority +
    unescapedNames(path).replace(inPath, redacted).replace(pairInPath, `$1:${REDACTED}`) +
    unescapedNames(query).replace(inQuery, redacted)
  );
}

function redacted(whole: string, name: string, value: string): string {
  return value === '' ? whole : `${name}=${REDACTED}`;
}

/** `p%61ssword=` is a password all the same; other names stay letter for letter. */
function unescapedNames(part: string): string {
  return part.replace(escapedName, (name) => {
    const plain = name.replace(/%([2-7][\da-f])/giu, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    return isSecretName.test(plain) ? plain : name;
  });
}
