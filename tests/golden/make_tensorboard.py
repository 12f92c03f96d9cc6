"""Writes tensorboard/events.hex: three events as TensorBoard's own record writer and protocol buffers make them.

python tests/golden/make_tensorboard.py
"""

import io

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

import common

common.require_versions("tensorboard")


def scalars(wall_time, step, values):
    summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in values])
    return event_pb2.Event(wall_time=wall_time, step=step, summary=summary)


def main():
    stream = io.BytesIO()
    writer = RecordWriter(stream)
    for event in [
        event_pb2.Event(wall_time=1700000000.5, file_version="brain.Event:2"),
        scalars(1700000001.25, 1, [("reward", 0.5), ("clip_ratio/low_mean", 0.0)]),
        scalars(1700000002.0, 300, [("reward", -1.25e-3)]),
    ]:
        writer.write(event.SerializeToString())
    writer.flush()
    common.write_bytes("tensorboard/events.hex", (stream.getvalue().hex() + "\n").encode())


if __name__ == "__main__":
    main()
