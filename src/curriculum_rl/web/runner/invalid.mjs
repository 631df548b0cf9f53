// Bad input gets one message that lists everything to mend, as in Python.

export class InvalidInput extends Error {
  /**
   * @param {string} where what was checked
   * @param {string[]} violations one line for each thing to mend
   */
  constructor(where, violations) {
    const things = violations.length === 1 ? 'thing' : 'things';
    super([`${where}: ${violations.length} ${things} to mend`, ...violations].join('\n  '));
    this.name = 'InvalidInput';
    this.violations = violations;
  }
}
