"""Failures of media files."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class MediaError(PopcamError):
    """A result differs from its input in something that was not asked for. Nothing is lost that could be kept."""

    code = "media.changed"
    http_status = 422
    exit_code = 4
    title = Text("The result could not keep everything", "结果未能保留全部内容")
    hint = Text("The detail says what, and why.", "详情说明了内容和原因。")


class MediaContainerChangedError(MediaError):
    """The asked container can't hold what the file holds, so the result has another one and another suffix."""

    code = "media.container_changed"
    title = Text("The result has another container", "结果使用了另一种封装格式")
    hint = Text(
        "Nothing is lost: the sound or subtitles don't fit into the container of the input.",
        "内容没有丢失：原封装格式放不下其中的音频或字幕。",
    )


class MediaTrackDroppedError(MediaError):
    """A track of the file is not in the result."""

    code = "media.track_dropped"
    title = Text("A track was left out", "有轨道未保留")
    hint = Text(
        "Further video tracks and cover pictures are left out, as faces in them would stay visible; so are data tracks "
        "that no container takes.",
        "其余视频轨和封面图片不会保留，因为其中的人脸未被遮挡；任何封装格式都不支持的数据轨也不会保留。",
    )


class MediaDepthReducedError(MediaError):
    """The picture had more than 8 bits or more colour detail than 4:2:0."""

    code = "media.depth_reduced"
    title = Text("The picture was reduced to 8-bit 4:2:0", "画面已降为 8 位 4:2:0")
    hint = Text("Changed video is encoded in the format that plays everywhere.", "修改过的视频以兼容性最好的格式编码。")


class MediaMetadataDroppedError(MediaError):
    """Metadata that may show the uncovered picture was left out."""

    code = "media.metadata_dropped"
    title = Text("Metadata with embedded pictures was left out", "含内嵌图片的元数据未保留")
    hint = Text("Thumbnails and previews would show what the photo hides.", "缩略图和预览会暴露照片中已隐藏的内容。")
