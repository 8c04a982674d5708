"""The cameras of one worker: starts, updates and stops their pipelines."""

import threading

from popcam.core.errors import CameraNotRunningError
from popcam.core.facts import CameraStatus
from popcam.core.known_secrets import keep_camera
from popcam.core.protocol import GetSnapshot, RequestKeyframe, SnapshotReply, StartCamera
from popcam.pipeline.camera import CameraPipeline
from popcam.pipeline.host import PipelineHost


class WorkerCameras:
    """Holds the pipelines by camera id. Starting and stopping is serialised; asking is not.

    Args:
        host: what the pipelines run in.
    """

    def __init__(self, host: PipelineHost) -> None:
        self._host = host
        self._cameras: dict[str, CameraPipeline] = {}
        self._changing = threading.Lock()

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._cameras)

    def start(self, command: StartCamera) -> None:
        """Run this camera. The same again changes nothing; another spec updates or replaces the pipeline."""
        spec, epoch = command.spec, command.epoch
        keep_camera(spec)
        with self._changing:
            running = self._cameras.get(spec.id)
            if running is not None and (running.spec, running.epoch) == (spec, epoch):
                return
            if running is not None and running.can_update(spec):
                running.update(spec, epoch)
                return
            if running is not None:
                self._cameras.pop(spec.id).stop()
            lively = command.lively or (running is not None and running.lively)
            pipeline = CameraPipeline(spec, epoch, self._host, lively=lively)
            self._cameras[spec.id] = pipeline
            pipeline.start()

    def stop(self, camera_id: str) -> None:
        """Stop one camera and finish its recordings; one that does not run is stopped already."""
        with self._changing:
            pipeline = self._cameras.pop(camera_id, None)
        if pipeline is not None:
            pipeline.stop()

    def stop_all(self) -> None:
        """Stop every camera, side by side."""
        with self._changing:
            pipelines, self._cameras = list(self._cameras.values()), {}
        stops = [threading.Thread(target=pipeline.stop, name="stop") for pipeline in pipelines]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()

    def statuses(self) -> list[CameraStatus]:
        """Status of each camera that is not hung: silence is how the fleet learns of one that is."""
        return [pipeline.status() for pipeline in list(self._cameras.values()) if not pipeline.hung]

    def snapshot(self, command: GetSnapshot) -> SnapshotReply:
        """One picture.

        Raises:
            CameraNotRunningError, CameraNoFrameError.
        """
        return self._camera(command.camera_id).snapshot(command.max_width_px)

    def restart_stream(self, camera_id: str) -> None:
        """Open the camera's streams anew.

        Raises:
            CameraNotRunningError.
        """
        self._camera(camera_id).restart_stream()

    def request_keyframe(self, command: RequestKeyframe) -> None:
        """Make the next H.264 preview picture a keyframe.

        Raises:
            CameraNotRunningError.
        """
        self._camera(command.camera_id).request_keyframe(command.kind)

    def _camera(self, camera_id: str) -> CameraPipeline:
        pipeline = self._cameras.get(camera_id)
        if pipeline is None:
            raise CameraNotRunningError(camera_id)
        return pipeline
