/** Samples that verify a signature with the public Standard Webhooks libraries (contract.md, section 3). */
export type Snippet = { language: string; install: string; code: string }

export const snippets: Snippet[] = [
  {
    language: 'JavaScript',
    install: '// npm install standardwebhooks',
    code: `import { createServer } from 'node:http'
import { Webhook } from 'standardwebhooks'

const webhook = new Webhook(process.env.WEBHOOK_SECRET)

createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  try {
    // Verify the body as received: parsing and serialising JSON would change it.
    const notification = webhook.verify(Buffer.concat(chunks).toString(), request.headers)
    response.writeHead(204).end()
    // Process the notification after the response: a late response counts as slow.
  } catch {
    response.writeHead(401).end()
  }
}).listen(9000)`,
  },
  {
    language: 'Python',
    install: '# pip install standardwebhooks flask',
    code: `import os
from flask import Flask, request
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

app = Flask(__name__)
webhook = Webhook(os.environ["WEBHOOK_SECRET"])

@app.post("/hook")
def hook():
    try:
        notification = webhook.verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError:
        return "", 401
    return "", 204`,
  },
  {
    language: 'Go',
    install: '// go get github.com/standard-webhooks/standard-webhooks/libraries',
    code: `package main

import (
	"io"
	"log"
	"net/http"
	"os"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	webhook, err := standardwebhooks.NewWebhook(os.Getenv("WEBHOOK_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/hook", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || webhook.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe(":9000", nil))
}`,
  },
  {
    language: 'PHP',
    install: '<?php\n// composer require standard-webhooks/standard-webhooks',
    code: `require 'vendor/autoload.php';

$webhook = new \\StandardWebhooks\\Webhook(getenv('WEBHOOK_SECRET'));
try {
    $headers = array_change_key_case(getallheaders(), CASE_LOWER);
    $notification = $webhook->verify(file_get_contents('php://input'), $headers);
    http_response_code(204);
} catch (\\Exception $e) {
    http_response_code(401);
}`,
  },
  {
    language: 'Ruby',
    install: '# gem install standardwebhooks sinatra',
    code: `require 'sinatra'
require 'standardwebhooks'

webhook = StandardWebhooks::Webhook.new(ENV['WEBHOOK_SECRET'])

post '/hook' do
  headers = %w[id timestamp signature].to_h { |part| ["webhook-#{part}", request.env["HTTP_WEBHOOK_#{part.upcase}"]] }
  webhook.verify(request.body.read, headers)
  status 204
rescue StandardWebhooks::WebhookVerificationError
  status 401
end`,
  },
  {
    language: 'Shell',
    install: '# Without a library: openssl. v1 is the base64 of HMAC-SHA256 over id.timestamp.body.',
    code: `key=$(printf %s "\${WEBHOOK_SECRET#whsec_}" | base64 -d | xxd -p -c 256)
printf '%s.%s.' "$webhook_id" "$webhook_timestamp" | cat - body.json |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64`,
  },
]
