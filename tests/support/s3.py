"""An S3 server of our own, and what has Metaflow keep its data there."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

BUCKET = "bucket"
ACCESS = {
    "AWS_ACCESS_KEY_ID": "anything",
    "AWS_SECRET_ACCESS_KEY": "anything",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def s3_server() -> Iterator[str]:
    """The URL of an S3 server."""
    from moto.server import ThreadedMotoServer  # here, as each worker imports this file

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def client(endpoint: str) -> Any:
    """A client of the server."""
    import boto3  # likewise

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"],
        region_name=ACCESS["AWS_DEFAULT_REGION"],
    )


def empty_bucket(endpoint: str) -> dict[str, str]:
    """Forget all that the server holds, and make a bucket.

    Returns:
        The environment variables by which Metaflow keeps its data in that bucket.
    """
    forget = Request(f"{endpoint}/moto-api/reset", method="POST")  # noqa: S310
    urlopen(forget).close()  # noqa: S310 - our own loopback address
    client(endpoint).create_bucket(Bucket=BUCKET)
    return ACCESS | {
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": f"s3://{BUCKET}/metaflow",
        "METAFLOW_S3_ENDPOINT_URL": endpoint,
        "METAFLOW_S3_WORKER_COUNT": "2",  # 64 processes a transfer are for a larger machine
    }
