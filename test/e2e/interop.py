"""Publishes one MessageEvent as a bot runtime in Python would, reads the topics back, and verifies the notification.

Arguments: brokers, registry URL, topic prefix. Standard input: JSON {"event", "secret"}; the notification as it arrived
comes on a second line: {"headers", "body"}. Prints one JSON line: {"deliveries", "attempts", "verified"}.
"""

import json
import sys
import time

from confluent_kafka import DeserializingConsumer, SerializingProducer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import StringDeserializer, StringSerializer
from standardwebhooks import Webhook

brokers, registry_url, prefix = sys.argv[1:4]
# Without a timeout, which is the default, the client waits for ever when a request to the registry gets no answer. With
# one, it asks again. Everything else of the client and its serializers is as by default.
registry = SchemaRegistryClient({"url": registry_url, "timeout": 3})
given = json.loads(sys.stdin.readline())
event = given["event"]

schema = registry.get_latest_version(f"{prefix}message-events-value").schema
producer = SerializingProducer(
    {
        "bootstrap.servers": brokers,
        # Kafka's own partitioner, as in Hookline and Java clients. With librdkafka's default, events of one
        # conversation from different publishers could be in different partitions and overtake each other.
        "partitioner": "murmur2_random",
        "key.serializer": StringSerializer(),
        "value.serializer": AvroSerializer(
            registry, schema, conf={"auto.register.schemas": False, "use.latest.version": True}
        ),
        "compression.type": "zstd",
    }
)


def acknowledged(error, message):
    if error is not None:
        raise SystemExit(f"not published: {error}")
    print(f"published to partition {message.partition()}, offset {message.offset()}", file=sys.stderr)


key = f"{event['chatChannelId']}:{event['contactId']}"
producer.produce(f"{prefix}message-events", key=key, value=event, on_delivery=acknowledged)
if producer.flush(30) > 0:
    raise SystemExit("not published within 30 s")


def read(topic, webhook_id):
    """The first record of the topic with that key."""
    consumer = DeserializingConsumer(
        {
            "bootstrap.servers": brokers,
            "group.id": f"{prefix}python-{topic}",
            "auto.offset.reset": "earliest",
            "key.deserializer": StringDeserializer(),
            "value.deserializer": AvroDeserializer(registry),
        }
    )
    consumer.subscribe([f"{prefix}{topic}"])
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            message = consumer.poll(1)
            if message is not None and message.error() is None and message.key() == webhook_id:
                return message.value()
    finally:
        consumer.close()
    raise SystemExit(f"nothing for {webhook_id} in {topic}")


delivery = read("webhook-deliveries", given["webhookId"])
attempt = read("webhook-attempts", given["webhookId"])
arrived = json.loads(sys.stdin.readline())
Webhook(given["secret"]).verify(arrived["body"].encode(), arrived["headers"])
print(
    json.dumps(
        {
            "deliveryId": delivery["deliveryId"],
            "body": delivery["body"].decode(),
            "attempt": {key: attempt[key] for key in ("deliveryId", "attempt", "outcome", "status")},
            "verified": True,
        }
    )
)
