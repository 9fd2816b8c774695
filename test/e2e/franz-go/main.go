// Publishes one MessageEvent with franz-go and its default settings, as a bot runtime in Go would, and reads the
// delivery that it leads to.
//
// Arguments: brokers, registry URL, topic prefix. Standard input: JSON {"event", "webhookId"}. Prints one JSON line:
// {"deliveryId", "body"}.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
)

type message struct {
	ID      string    `json:"id" avro:"id"`
	Date    time.Time `json:"-" avro:"date"`
	From    string    `json:"from" avro:"from"`
	Message *string   `json:"message" avro:"message"`
}

type messageEvent struct {
	EventID              string            `json:"eventId" avro:"eventId"`
	BusinessID           string            `json:"businessId" avro:"businessId"`
	ChatPlatform         string            `json:"chatPlatform" avro:"chatPlatform"`
	ChatChannelID        string            `json:"chatChannelId" avro:"chatChannelId"`
	ContactID            string            `json:"contactId" avro:"contactId"`
	CustomerID           string            `json:"customerId" avro:"customerId"`
	CustomerCreationTime time.Time         `json:"-" avro:"customerCreationTime"`
	SessionCreationTime  time.Time         `json:"-" avro:"sessionCreationTime"`
	Messages             []message         `json:"messages" avro:"messages"`
	Variables            map[string]string `json:"variables" avro:"variables"`
}

type delivery struct {
	DeliveryID string `json:"deliveryId" avro:"deliveryId"`
	Body       []byte `json:"body" avro:"body"`
}

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(brokers, registryURL, prefix string) error {
	var given struct {
		Event     messageEvent `json:"event"`
		WebhookID string       `json:"webhookId"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	now := time.Now()
	given.Event.CustomerCreationTime, given.Event.SessionCreationTime = now, now
	for i := range given.Event.Messages {
		given.Event.Messages[i].Date = now
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	registry, err := sr.NewClient(sr.URLs(registryURL))
	if err != nil {
		return err
	}
	topic := prefix + "message-events"
	registered, err := registry.SchemaByVersion(ctx, topic+"-value", -1)
	if err != nil {
		return err
	}
	schema, err := avro.Parse(registered.Schema.Schema)
	if err != nil {
		return err
	}
	var serde sr.Serde
	serde.Register(registered.ID, messageEvent{}, sr.EncodeFn(func(value any) ([]byte, error) {
		return avro.Marshal(schema, value)
	}))
	value, err := serde.Encode(given.Event)
	if err != nil {
		return err
	}

	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(brokers, ",")...),
		kgo.ConsumeTopics(prefix+"webhook-deliveries"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	key := given.Event.ChatChannelID + ":" + given.Event.ContactID
	record := &kgo.Record{Topic: topic, Key: []byte(key), Value: value}
	if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
		return err
	}
	found, err := readDelivery(ctx, client, registry, given.WebhookID)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{
		"deliveryId": found.DeliveryID,
		"body":       string(found.Body),
	})
}

// readDelivery returns the first delivery of a webhook.
func readDelivery(ctx context.Context, client *kgo.Client, registry *sr.Client, webhookID string) (delivery, error) {
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return delivery{}, err
		}
		for _, record := range fetches.Records() {
			if string(record.Key) != webhookID {
				continue
			}
			var header sr.ConfluentHeader
			id, rest, err := header.DecodeID(record.Value)
			if err != nil {
				return delivery{}, err
			}
			registered, err := registry.SchemaByID(ctx, id)
			if err != nil {
				return delivery{}, err
			}
			schema, err := avro.Parse(registered.Schema)
			if err != nil {
				return delivery{}, err
			}
			var found delivery
			err = avro.Unmarshal(schema, rest, &found)
			return found, err
		}
	}
}
