"""Delivery latency by webhook: reads webhook-attempts to its present end into a table, and draws it.

    python deploy/analytics/attempts.py --chart latency.svg --parquet attempts.parquet --since 24h

Prints one line a webhook. Without arguments it looks for a stack of this machine in .hookline/local.json; otherwise
KAFKA_BROKERS, SCHEMA_REGISTRY_URL and HOOKLINE_TOPIC_PREFIX say where to read. It commits nothing and writes to no topic.
"""

import argparse
import json
import os
import re
import sys
import time
from datetime import timedelta
from pathlib import Path

import matplotlib
import polars as pl
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer

matplotlib.use("agg")
from matplotlib import pyplot  # noqa: E402  (after the choice of what draws)

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
TIME_LIMIT_S = 30

# Fields of an attempt (schemas/webhook-attempts.avsc) that are kept -> their type in the table.
COLUMNS = {
    "webhookId": pl.String,
    "businessId": pl.String,
    "deliveryId": pl.String,
    "attempt": pl.Int32,
    "outcome": pl.String,
    "cause": pl.String,
    "status": pl.Int32,
    "latencyMs": pl.Float64,
    "startedAt": pl.Datetime("ms", "UTC"),
    "deliveryCreatedAt": pl.Datetime("ms", "UTC"),
    "replayId": pl.String,
    "test": pl.Boolean,
}


def main():
    options = parse_options()
    attempts = read_attempts(where(), options.since)
    by_webhook = latency_by_webhook(attempts)
    if options.parquet:
        attempts.write_parquet(options.parquet)
    if options.chart and by_webhook.height > 0:
        draw(by_webhook, options.chart)
    if options.json:
        print(json.dumps(by_webhook.to_dicts()))
    else:
        with pl.Config(
            tbl_rows=-1,
            tbl_cols=-1,
            tbl_width_chars=160,
            fmt_str_lengths=60,
            tbl_hide_dataframe_shape=True,
            tbl_hide_column_data_types=True,
        ):
            print(by_webhook)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--since", type=duration, help="age: 90m, 24h, 14d; everything that is kept by default")
    parser.add_argument("--chart", type=Path, help="a file to draw to: .svg, .png or .pdf")
    parser.add_argument("--parquet", type=Path, help="a file for the table of attempts")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def duration(text):
    found = re.fullmatch(r"(\d+)([mhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 90m, 24h or 14d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def where():
    """Variables first, then the stack that runs on this machine."""
    local = {}
    file = Path(__file__).parents[2] / ".hookline" / "local.json"
    if file.exists() and not os.environ.get("KAFKA_BROKERS"):
        local = json.loads(file.read_text())
    return {
        "brokers": local.get("brokers") or os.environ.get("KAFKA_BROKERS", "localhost:9092"),
        "registry": local.get("schemaRegistryUrl") or os.environ.get("SCHEMA_REGISTRY_URL", "http://localhost:8080/apis/ccompat/v7"),
        "topic": os.environ.get("HOOKLINE_TOPIC_PREFIX", "") + "webhook-attempts",
    }


def read_attempts(place, since):
    """All attempts up to the ends that the partitions have now."""
    topic = place["topic"]
    # Without a timeout, which is the default, the client waits for ever when a request gets no answer.
    decode = AvroDeserializer(SchemaRegistryClient({"url": place["registry"], "timeout": 10}))
    # The client requires a group id. No group is joined and nothing is committed: partitions are assigned manually.
    consumer = Consumer(
        {"bootstrap.servers": place["brokers"], "group.id": "analytics", "enable.auto.commit": False, "enable.partition.eof": True}
    )
    rows = {name: [] for name in COLUMNS}
    try:
        starts = starting_points(consumer, topic, since)
        consumer.assign(starts)
        unread = {start.partition for start in starts}
        while unread:
            record = consumer.poll(TIME_LIMIT_S)
            if record is None:
                raise SystemExit(f"nothing from {place['brokers']} for {TIME_LIMIT_S} s")
            if record.error() is None:
                attempt = decode(record.value(), None)
                for name, values in rows.items():
                    values.append(attempt.get(name))
            elif record.error().code() == KafkaError._PARTITION_EOF:
                unread.discard(record.partition())
            else:
                raise KafkaException(record.error())
    finally:
        consumer.close()
    return pl.DataFrame(rows, schema=COLUMNS)


def starting_points(consumer, topic, since):
    found = consumer.list_topics(topic, timeout=TIME_LIMIT_S).topics[topic]
    if found.error is not None:
        raise SystemExit(f"{topic}: {found.error.str()}")
    beginning = 0 if since is None else int((time.time() - since.total_seconds()) * 1_000)
    wanted = [TopicPartition(topic, partition, beginning) for partition in found.partitions]
    return consumer.offsets_for_times(wanted, timeout=TIME_LIMIT_S)


def latency_by_webhook(attempts):
    """
    One row a webhook, the busiest first. Response times are those of the receiver; `delivered` is the time from the making
    of a notification to the answer that ended it well, retries and waiting included. Tests and replays are left out.
    """
    live = attempts.filter(~pl.col("test"), pl.col("replayId").is_null())
    is_good = pl.col("outcome").is_in(["success", "slow"])
    waited_ms = (pl.col("startedAt") - pl.col("deliveryCreatedAt")).dt.total_milliseconds()
    delivered = (waited_ms + pl.col("latencyMs")).filter(is_good)
    return (
        live.group_by("webhookId")
        .agg(
            pl.len().alias("attempts"),
            is_good.sum().alias("good"),
            pl.col("latencyMs").median().round(1).alias("responseP50Ms"),
            pl.col("latencyMs").quantile(0.95, "linear").round(1).alias("responseP95Ms"),
            *[
                delivered.quantile(share, "linear").round(1).alias(f"deliveredP{round(share * 100)}Ms")
                for share in (0.5, 0.95, 0.99)
            ],
        )
        .sort(["attempts", "webhookId"], descending=[True, False])
    )


def draw(by_webhook, file):
    """A line a webhook, from the median to the 99th percentile, on a logarithmic scale."""
    shown = by_webhook.filter(pl.col("deliveredP50Ms").is_not_null()).head(30).reverse()
    pyplot.rcParams["svg.fonttype"] = "none"
    figure, axes = pyplot.subplots(figsize=(9, 1.6 + 0.35 * shown.height), layout="constrained")
    places = range(shown.height)
    axes.hlines(places, shown["deliveredP50Ms"], shown["deliveredP99Ms"], color="#9db4c9", linewidth=4)
    axes.plot(shown["deliveredP50Ms"], places, "o", color="#1f5f99", label="median")
    axes.plot(shown["deliveredP95Ms"], places, "|", color="#c2571a", markersize=14, markeredgewidth=3, label="95 %")
    axes.set_yticks(places, shown["webhookId"])
    axes.set_ylim(-0.7, shown.height - 0.3)
    axes.set_xscale("log")
    axes.set_xlabel("from notification made to delivered, ms (line: median to 99 %)")
    axes.set_title("Delivery latency by webhook")
    axes.grid(axis="x", which="both", alpha=0.25)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(file)


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"Kafka: {error}")
