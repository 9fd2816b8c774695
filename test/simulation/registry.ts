import type { FoundSchema, Registry } from '../../services/platform/avro/registry.ts'
import type { SimulatedProcess } from './process.ts'
import type { World } from './world.ts'

/** Versions of the services; each writes under schema ids of its own. */
const versions = 2

/** The schema registry: slow, and away from time to time. */
export class SimulatedRegistry {
  readonly #world: World
  readonly #ids = new Map<object, number>()
  readonly #schemas: object[] = []
  isAway = false

  constructor(world: World) {
    this.#world = world
  }

  /** @param version of the program: its schemas have other ids, although they say the same. */
  reachedBy(process: SimulatedProcess, version: number): Registry {
    return {
      findId: (_subject, schema) => this.#ask(process, () => this.id(schema, version)),
      findSchema: (id) => this.#ask(process, () => this.#find(id)),
    }
  }

  id(schema: object, version: number): number {
    const known = this.#ids.get(schema)
    const number = known ?? this.#schemas.push(schema)
    this.#ids.set(schema, number)
    return number * versions + version
  }

  #find(id: number): FoundSchema {
    const schema = this.#schemas[Math.floor(id / versions) - 1]
    return schema ? { kind: 'avro', schema, references: [] } : { kind: 'unknown' }
  }

  #ask<T>(process: SimulatedProcess, serve: () => T): Promise<T> {
    const latencyMs = this.#world.random() < 0.1 ? this.#world.between(100, 3_000) : this.#world.between(1, 20)
    return new Promise((resolve, reject) =>
      process.after(latencyMs, () => {
        if (this.isAway) reject(new Error('the registry does not answer'))
        else resolve(serve())
      }),
    )
  }
}
