"""An event file as TensorBoard's own writer makes it, for comparing byte for byte; or, with a folder, what its reader finds there.

Run: python events.py [FOLDER] (needs tensorboard).
"""
import os
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

HERE = os.path.dirname(os.path.abspath(__file__))

if len(sys.argv) > 1:
    events = EventAccumulator(sys.argv[1])
    events.Reload()
    for tag in events.Tags()["scalars"]:
        found = events.Scalars(tag)
        print(tag, len(found), "values, steps", found[0].step, "to", found[-1].step, "last", found[-1].value)
    sys.exit()


def scalars(*pairs):
    return summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, simple_value=x) for tag, x in pairs])


Session = event_pb2.SessionLog
with open(os.path.join(HERE, "events.bin"), "wb") as f:
    writer = RecordWriter(f)
    for event in [
        event_pb2.Event(wall_time=1_700_000_000.25, file_version="brain.Event:2"),
        event_pb2.Event(wall_time=1_700_000_000.25, step=300, session_log=Session(status=Session.START)),
        event_pb2.Event(wall_time=1_700_000_001.5, step=301, summary=scalars(("valid/dice", 0.875), ("loss", -1.5e-3))),
        event_pb2.Event(wall_time=1_700_000_002, step=70_000, summary=scalars(("größe", 1e30))),
    ]:
        writer.write(event.SerializeToString())
