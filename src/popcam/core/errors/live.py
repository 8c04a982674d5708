"""Failures of live viewing."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class WebrtcUnavailableError(PopcamError):
    """The part that speaks WebRTC is not installed."""

    code = "live.webrtc_unavailable"
    http_status = 501
    exit_code = 5
    title = Text("WebRTC is not installed here", "此处未安装 WebRTC")
    hint = Text(
        'Install it with `pip install "popcam[webrtc]"`; the other ways to watch work without it.',
        '用 `pip install "popcam[webrtc]"` 安装；其他观看方式无需它也能使用。',
    )


class OfferRefusedError(PopcamError):
    """A WebRTC offer can't be answered."""

    code = "live.offer_refused"
    http_status = 400
    exit_code = 2
    title = Text("The WebRTC offer can't be answered", "无法应答该 WebRTC 请求")
    hint = Text(
        "Offer to receive one video in H.264; a browser without it can use the WebSocket transport.",
        "请提供一个 H.264 视频接收；不支持它的浏览器可使用 WebSocket 方式。",
    )


class ViewerLimitError(PopcamError):
    """As many viewers as allowed are connected already."""

    code = "live.too_many_viewers"
    http_status = 503
    exit_code = 7
    retryable = True
    title = Text("Too many viewers at once", "同时观看的人数过多")
    hint = Text("Close another live picture and try again.", "请关闭其他实时画面后重试。")


class LiveSessionNotFoundError(PopcamError):
    """The live session has ended already."""

    code = "live.session_not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such live session", "没有这个实时会话")
    hint = Text("It has ended; open a new one.", "该会话已结束，请重新打开。")
