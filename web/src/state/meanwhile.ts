/** What is told while an answer is on its way. The answer may be older than that: a busy server, or a slow way, lets news
 * overtake it. Whoever takes the answer over puts these news in again. */
export class Meanwhile<News> {
  readonly #readings = new Set<News[]>();

  /** The server told this. */
  note(news: News): void {
    for (const told of this.#readings) told.push(news);
  }

  /** The answer, and what was told since it was asked for, the oldest first. */
  async during<Answer>(ask: () => Promise<Answer>): Promise<readonly [Answer, readonly News[]]> {
    const told: News[] = [];
    this.#readings.add(told);
    try {
      return [await ask(), told];
    } finally {
      this.#readings.delete(told);
    }
  }
}
