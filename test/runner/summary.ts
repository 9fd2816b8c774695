/** Part of vitest's JSON report. */
export type Report = { testResults: { name: string; status: string; assertionResults: { status: string }[] }[] }

export type Result = {
  /** Number in the list of guarantees. */
  id: number
  /** null: every test of it was skipped, and its figure says why. */
  ok: boolean | null
  figure: string
}

export type Summary = { passed: number; failed: number; skipped: number; results: Result[] }

/** Lines printed by figure() of test/support. */
export class FigureLines {
  readonly #texts = new Map<number, string[]>()

  take(line: string): void {
    const found = /^guarantee (\d+): (.*)$/.exec(line)
    if (!found) return
    const [, id = '', text = ''] = found
    this.#texts.set(Number(id), [...(this.#texts.get(Number(id)) ?? []), text])
  }

  of(id: number): string {
    return (this.#texts.get(id) ?? []).join('; ')
  }
}

/** One result for each guarantee, in order. A guarantee may have several files, whose names begin with its number. */
export function summarize({ testResults }: Report, figures: Pick<FigureLines, 'of'>): Summary {
  const verdicts = new Map<number, (boolean | null)[]>()
  for (const file of testResults) {
    const id = Number(/\/(\d+)-[^/]*$/.exec(file.name)?.[1])
    if (Number.isNaN(id)) continue
    verdicts.set(id, [...(verdicts.get(id) ?? []), verdictOf(file)])
  }
  const results = [...verdicts]
    .map(([id, ofFiles]) => ({ id, ok: together(ofFiles), figure: figures.of(id) }))
    .sort((a, b) => a.id - b.id)
  const count = (verdict: boolean | null) => results.filter(({ ok }) => ok === verdict).length
  return { passed: count(true), failed: count(false), skipped: count(null), results }
}

/** A file that could not be run has failed without any test. */
function verdictOf({ status, assertionResults }: Report['testResults'][number]): boolean | null {
  if (assertionResults.some((test) => test.status === 'failed')) return false
  if (status === 'failed') return false
  return assertionResults.some((test) => test.status === 'passed') ? true : null
}

function together(verdicts: (boolean | null)[]): boolean | null {
  if (verdicts.includes(false)) return false
  return verdicts.includes(true) ? true : null
}
