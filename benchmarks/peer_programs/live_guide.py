"""A camera as the guides of its parts write it: OpenCV's VideoCapture, ONNX Runtime, supervision and its trackers.

    python live_guide.py CLIP MODEL FPS SECONDS detect|hide [--threads N]

Reads the clip in a loop at its own speed, scales each frame to 640x384, runs YuNet in a session as `InferenceSession`
makes it, keeps the best boxes with supervision's NMS and follows them with ByteTrack. `hide` also blurs the faces and
encodes a JPEG of each frame. After a warm-up it prints one JSON line: processor seconds, frames, faces per frame.
"""

import argparse
import json
import time

import cv2
import numpy as np
import onnxruntime as ort
import supervision as sv  # type: ignore[import-not-found]
from trackers import ByteTrackTracker  # type: ignore[import-not-found]

WIDTH, HEIGHT = 640, 384
WARM_UP_S = 5.0
LEAST_SCORE = 0.6


def faces(session: ort.InferenceSession, frame):  # type: ignore[no-untyped-def]
    """Detections of one BGR frame."""
    scale = WIDTH / frame.shape[1]
    small = cv2.resize(frame, (WIDTH, round(frame.shape[0] * scale)))
    padded = cv2.copyMakeBorder(small, 0, HEIGHT - small.shape[0], 0, 0, cv2.BORDER_CONSTANT)
    blob = padded.transpose(2, 0, 1)[None].astype(np.float32)
    outputs = session.run(None, {session.get_inputs()[0].name: blob})
    boxes, scores = [], []
    for index, stride in enumerate((8, 16, 32)):
        cls, obj, box = (outputs[kind * 3 + index][0] for kind in range(3))
        score = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
        row, column = np.divmod(np.arange(len(score)), WIDTH // stride)
        keep = score > LEAST_SCORE
        centre = (np.stack([column, row], 1)[keep] + box[keep, :2]) * stride
        half = np.exp(box[keep, 2:]) * stride / 2
        boxes.append(np.concatenate([centre - half, centre + half], 1) / scale)
        scores.append(score[keep])
    found = sv.Detections(
        xyxy=np.concatenate(boxes).astype(np.float32),
        confidence=np.concatenate(scores),
        class_id=np.zeros(sum(map(len, scores)), int),
    )
    return found.with_nms(threshold=0.3)


def main() -> None:
    """Run the camera."""
    parser = argparse.ArgumentParser()
    parser.add_argument("clip")
    parser.add_argument("model")
    parser.add_argument("fps", type=float)
    parser.add_argument("seconds", type=float)
    parser.add_argument("act", choices=("detect", "hide"))
    parser.add_argument("--threads", type=int, default=0)
    chosen = parser.parse_args()
    options = ort.SessionOptions()
    if chosen.threads:
        options.intra_op_num_threads = chosen.threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        cv2.setNumThreads(chosen.threads)
    session = ort.InferenceSession(chosen.model, options, providers=["CPUExecutionProvider"])
    tracker = ByteTrackTracker(frame_rate=chosen.fps, track_activation_threshold=LEAST_SCORE)
    blur = sv.BlurAnnotator()
    capture = cv2.VideoCapture(chosen.clip)
    began_s, cpu_s, frames, seen, number = time.monotonic(), 0.0, 0, 0, 0
    while time.monotonic() - began_s < WARM_UP_S + chosen.seconds:
        if cpu_s == 0.0 and time.monotonic() - began_s >= WARM_UP_S:
            cpu_s, frames, seen = time.process_time(), 0, 0
        ok, frame = capture.read()
        if not ok:
            capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            continue
        detections = tracker.update(faces(session, frame))
        if chosen.act == "hide":
            annotated = blur.annotate(scene=frame.copy(), detections=detections)
            cv2.imencode(".jpg", annotated)
        frames, seen, number = frames + 1, seen + len(detections), number + 1
        time.sleep(max(0.0, began_s + number / chosen.fps - time.monotonic()))
    print(json.dumps({"cpu_s": time.process_time() - cpu_s, "frames": frames, "faces": seen / max(1, frames)}))


if __name__ == "__main__":
    main()
