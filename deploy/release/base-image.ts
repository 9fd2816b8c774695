/**
 * Problem of a release's base image; null if it is the Node of package.json, pinned by digest. A tag alone
 * may name other bytes tomorrow.
 * @param image as NODE_IMAGE of deploy/docker/Dockerfile takes it.
 */
export function baseImageProblem(image: string, nodeVersion: string): string | null {
  const [tag = '', digest = ''] = image.split('@')
  const expected = `node:${nodeVersion}-bookworm-slim`
  if (tag !== expected) return `the base image is ${tag === '' ? 'not given' : tag}, should be ${expected}@sha256:...`
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return `the base image has no digest: ${expected}@sha256:<64 digits>`
  return null
}
