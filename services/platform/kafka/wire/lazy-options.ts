import { type AnySchema, Ajv2020 as Options, type ValidateFunction } from 'ajv/dist/2020.js'

/**
 * When it is loaded, @platformatic/kafka compiles the JSON Schemas of the options of its own clients, which are not used here:
 * half of the CPU that loading it takes, in every process. With this file loaded before it, each is compiled when it is first
 * needed.
 */
const { compile } = Options.prototype

Options.prototype.compile = function lazily<T>(this: Options, schema: AnySchema, isMeta?: boolean) {
  let compiled: ValidateFunction<T> | undefined
  const validate = (value: unknown) => {
    compiled ??= compile.call(this, schema, isMeta) as ValidateFunction<T>
    return compiled(value)
  }
  return Object.defineProperty(validate, 'errors', { get: () => compiled?.errors }) as unknown as ValidateFunction<T>
} as typeof compile
