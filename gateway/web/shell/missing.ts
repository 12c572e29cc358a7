/** Labels of the fields that are not as they must be before something can be done, in the order of the fields. */
export function missingOf(
  ...fields: readonly (readonly [isThere: boolean, label: string])[]
): string[] {
  return fields.filter(([isThere]) => !isThere).map(([, label]) => label);
}
