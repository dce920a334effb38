"""Messages and descriptors between two processes."""

import json
import os
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from metaflow_prefect.runtime.channel import Channel


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize(
    "message",
    [{}, {"a": [1, None, "\ud800 é"]}, {"big": "x" * 3_000_000}],
    ids=["empty", "values", "larger-than-any-buffer"],
)
def test_a_message_arrives(
    ends: tuple[socket.socket, socket.socket], message: dict[str, object]
) -> None:
    ours, theirs = map(Channel, ends)
    sender = threading.Thread(target=ours.send, args=(message,))
    sender.start()
    assert theirs.receive() == (message, [])
    sender.join()


def test_open_files_arrive_with_their_message(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = map(Channel, ends)
    reader, writer = os.pipe()
    ours.send({"n": 1}, [writer])
    ours.send({"n": 2})
    os.close(writer)
    message, files = theirs.receive(files=4)
    assert message == {"n": 1}
    assert theirs.receive(files=4) == ({"n": 2}, [])
    os.write(files[0], b"through")
    os.close(files[0])
    assert os.read(reader, 100) == b"through"
    os.close(reader)


@pytest.mark.parametrize("files", [0, 3])
@pytest.mark.parametrize("sent", [0, 3, 8, 12])
def test_an_end_in_the_middle_is_the_end(
    ends: tuple[socket.socket, socket.socket], sent: int, files: int
) -> None:
    ours, theirs = ends
    data = json.dumps({"a": 1}).encode()
    ours.sendall((struct.pack("!Q", len(data)) + data)[:sent])
    ours.close()
    assert Channel(theirs).receive(files=files) == (None, [])


def test_messages_of_many_threads_stay_whole(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = map(Channel, ends)
    senders = [
        threading.Thread(target=ours.send, args=({"n": n, "x": "y" * 9999},)) for n in range(20)
    ]
    for sender in senders:
        sender.start()
    assert {theirs.receive()[0]["n"] for _ in senders} == set(range(20))
    for sender in senders:
        sender.join()


def test_ending_the_stream_wakes_a_thread_that_waits(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = map(Channel, ends)
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(theirs.receive()))
    waiting.start()
    ours.end()
    waiting.join(10)
    assert found == [(None, [])]
