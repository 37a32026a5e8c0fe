/** Has the next value made while the last one is being used: reading and hashing beside sending. */
export async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = source.next();
      next.catch(() => {});
      yield value;
    }
  } finally {
    // Who stops early closes what is read from: the reading that is under way ends before.
    await next.catch(() => {});
    await source.return(undefined);
  }
}
