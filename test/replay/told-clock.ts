/** A clock that stands still until a test moves it. */
export class ToldClock {
  boot = 'boot-1';
  time: number = Date.parse('2026-11-22T10:00:00.000Z');
  uptime = 100_000;

  now(): string {
    return new Date(this.time).toISOString();
  }

  up(): number {
    return this.uptime;
  }

  /** Both clocks go on. */
  pass(ms: number): void {
    this.time += ms;
    this.uptime += ms;
  }
}
