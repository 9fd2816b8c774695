import avsc from 'avsc'

/** Members of avsc 5.7.9 that its typings leave out. */
export type Tap = {
  readonly buf: Buffer
  pos: number
  readLong(): number
  readString(): string
  skipString(): void
  skipLong(): void
}
type Inner = { _read(tap: Tap): unknown; _skip(tap: Tap): void }

/*
 * avsc believes the item count of an array or map, and looks only at the end whether there were so many bytes: 22 bytes
 * that announce five million messages cost it 2 s and 1.2 GB, larger counts the process, and such a record would do so to
 * every instance in turn. Here, items that cannot be there end the reading with an error. (Items of no bytes, arrays of
 * null, are therefore refused.)
 */

export function boundedArray(schema: avsc.Schema, options: object): avsc.Type {
  return new BoundedArray(schema, options)
}

export function boundedMap(schema: avsc.Schema, options: object): avsc.Type {
  return new BoundedMap(schema, options)
}

// Resolvers of other writers' schemas borrow _read, so `this` may be such a resolver, with the same itemsType or
// valuesType.

class BoundedArray extends avsc.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const inner = this.itemsType as unknown as Inner
    const items: unknown[] = []
    forEachItem(tap, () => items.push(inner._read(tap)))
    return items
  }

  _skip(tap: Tap): void {
    const inner = this.itemsType as unknown as Inner
    forEachItem(tap, () => inner._skip(tap))
  }
}

class BoundedMap extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const inner = this.valuesType as Inner
    const values: Record<string, unknown> = {}
    forEachItem(tap, () => {
      const key = tap.readString()
      const value = inner._read(tap)
      if (key !== '__proto__') values[key] = value
      // An assignment would set the prototype, or do nothing.
      else Object.defineProperty(values, key, { value, configurable: true, enumerable: true, writable: true })
    })
    return values
  }

  _skip(tap: Tap): void {
    const inner = this.valuesType as Inner
    forEachItem(tap, () => {
      tap.skipString()
      inner._skip(tap)
    })
  }
}

/**
 * Reads blocks of a count and that many items (Avro 1.12, "Arrays" and "Maps"). A negative count is followed by the
 * block's size in bytes.
 */
function forEachItem(tap: Tap, item: () => void): void {
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    if (count < 0) {
      count = -count
      tap.skipLong()
    }
    const leftBytes = Math.max(0, tap.buf.length - tap.pos)
    if (count > leftBytes) throw new Error(`${count} items announced in ${leftBytes} bytes`)
    for (; count > 0; count--) {
      item()
      if (tap.pos > tap.buf.length) throw new Error('truncated in a list of items')
    }
  }
}
