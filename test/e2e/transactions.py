"""Writes transactions, most of them aborted, with librdkafka's transactional producer.

Arguments: brokers, topic. The topic has three partitions, and a max.message.bytes of 10,000:
0: two aborted transactions in a row, then a committed one
1: an aborted transaction of many batches, then a committed one
2: an aborted transaction, a committed one, and an aborted one whose only record the broker refuses
Values of records begin with "aborted" or "committed".
"""

import sys

from confluent_kafka import KafkaException, Producer

brokers, topic = sys.argv[1:3]
producer = Producer(
    {
        "bootstrap.servers": brokers,
        "transactional.id": f"{topic}-writer",
        # Many batches instead of one, so that an answer to a reader can end between them.
        "batch.size": 5_000,
        "linger.ms": 0,
    }
)
producer.init_transactions(30)


def transaction(partition, how, count, size=10):
    producer.begin_transaction()
    for index in range(count):
        producer.produce(topic, partition=partition, value=f"{how}-{index}".ljust(size, "."))
    producer.flush(30)
    if how == "committed":
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


transaction(0, "aborted", 3)
transaction(0, "aborted", 3)
transaction(0, "committed", 3)
transaction(1, "aborted", 60, 2_000)
transaction(1, "committed", 3)
transaction(2, "aborted", 1)
transaction(2, "committed", 3)
try:
    transaction(2, "aborted", 1, 20_000)
except KafkaException as error:
    print(f"aborting failed: {error}", file=sys.stderr)
    raise
