/** The parameter set says what no stream of its kind can be. */
export class InvalidParameterSet extends Error {
  readonly code = 'invalid_parameter_set';
}
