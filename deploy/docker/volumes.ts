/** Files in the volumes of docker-compose.yml. A container mounts only the volumes that it needs. */
export const files = {
  /** Variables with the key ring, for dispatcher and admin. */
  keyRing: '/key-ring/key-ring.env',
  /** Private key of the token issuer as a JWK, for the containers that make tokens. */
  issuerKey: '/issuer/private-key.json',
  /** Variables without secrets, for the services that verify tokens or send to webhooks. */
  settings: '/settings/settings.env',
} as const
