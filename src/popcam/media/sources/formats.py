"""Which formats FFmpeg may take a file or an answer for.

FFmpeg finds video in everything: it shows a text file as a terminal, follows lists of further files, reads devices.
Only containers of video are allowed here, by FFmpeg's own names.
"""

from typing import Final

RECORDED: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpegtsraw,mpeg,mpegvideo,avi,flv,asf,ogg,"
    "nut,mxf,gxf,dv,rm,ivf,h264,hevc,vvc,av1,obu,m4v,h263,h261,vc1,vc1test,mjpeg,mjpeg_2000,"
    "yuv4mpegpipe,gif,apng,webp_pipe,wtv,r3d,swf,dhav,ea,bink,smk,roq,vivo,nsv,pva,lmlm4,"
    "cavsvideo,dirac,live_flv,mp3,wav,aac,flac"
)
"""For files. Sound formats are here for a better error: no video track."""
STREAMED: Final = RECORDED + ",mpjpeg,hls,jpeg_pipe"
"""For HTTP."""

_MAGIC: Final = (
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"free"), (4, b"wide"), (4, b"skip"), (0, b"\x1aE\xdf\xa3"),
    (0, b"RIFF"), (0, b"FLV\x01"), (0, b"OggS"), (0, b"\x30\x26\xb2\x75"), (0, b"\x00\x00\x01\xba"),
    (0, b"\x00\x00\x01\xb3"), (0, b"\x00\x00\x00\x01"), (0, b"nut/multimedia"), (0, b"DKIF"), (0, b"GIF8"),
    (0, b"\xff\xd8\xff"), (0, b"\x06\x0e\x2b\x34"),
)  # fmt: skip


def looks_like_video(head: bytes) -> bool:
    """Whether a file's first bytes are those of a video format: then it is damaged rather than something else."""
    if any(head[at : at + len(magic)] == magic for at, magic in _MAGIC):
        return True
    return len(head) >= 377 and head[0] == head[188] == head[376] == 0x47  # MPEG transport stream
