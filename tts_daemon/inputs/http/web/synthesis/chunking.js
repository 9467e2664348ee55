// How the mel of a clause is cut into pieces: short ones first (vocoder/chunking.py says why).

const FIRST_FRAMES = 6;
const LATER_FRAMES = 12;
const GROWTH = 1.6;
const LARGEST_FRAMES = 40;

/** New mel frames that each chunk needs, without end: the first one also needs the look-ahead. */
export function* demands(lookAhead, isFirstClause) {
  let size = isFirstClause ? FIRST_FRAMES : LATER_FRAMES;
  let extra = lookAhead;
  for (;;) {
    yield Math.trunc(Math.min(size, LARGEST_FRAMES)) + extra;
    extra = 0;
    size *= GROWTH;
  }
}
