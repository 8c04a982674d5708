"""Photos: what is not changed stays, what describes them stays, and what would show the hidden does not."""

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.fakes.media_clips import psnr_db

from popcam.core.errors import (
    SourceCorruptError,
    SourceEmptyError,
    SourceNotVideoError,
    SourcePhotoUnsupportedError,
    SourcePictureSizeError,
    StorageReadOnlyError,
)
from popcam.core.frame import UInt8Array
from popcam.media.files import Problems, inspect_file, read_photo, write_photo
from popcam.media.files.exif import unturned
from popcam.media.files.metadata import jpeg_segments, png_chunks, webp_chunks

HEIGHT, WIDTH = 301, 403
SAMPLING = cv2.IMWRITE_JPEG_SAMPLING_FACTOR


def scene() -> UInt8Array:
    across, down = np.arange(WIDTH)[None, :], np.arange(HEIGHT)[:, None]
    layers = [128 + 60 * np.sin(across / (9 + n)) + 50 * np.cos(down / (7 + n)) for n in range(3)]
    return np.dstack(layers).clip(0, 255).astype(np.uint8)


def wide() -> Any:
    return scene().astype(np.uint16) * 257 + 3


def with_alpha() -> UInt8Array:
    return np.dstack([scene(), scene()[:, :, 0]])


LOSSLESS = {
    "colour.png": (scene, []),
    "deep.png": (wide, []),
    "alpha.png": (with_alpha, []),
    "grey.png": (lambda: scene()[:, :, 0], []),
    "lossless.webp": (scene, [cv2.IMWRITE_WEBP_QUALITY, 101]),
    "alpha.webp": (with_alpha, [cv2.IMWRITE_WEBP_QUALITY, 101]),
    "plain.bmp": (scene, []),
    "plain.tiff": (scene, []),
    "deep.tiff": (wide, []),
}
LOSSY = {
    "420.jpg": (scene, [SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]),
    "422.jpg": (scene, [SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]),
    "444.jpg": (scene, [SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]),
    "440.jpg": (scene, [SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440]),
    "progressive.jpg": (scene, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    "grey.jpg": (lambda: scene()[:, :, 0], []),
    "lossy.webp": (scene, [cv2.IMWRITE_WEBP_QUALITY, 90]),
}


def make(folder: Path, name: str) -> Path:
    content, options = (LOSSLESS | LOSSY)[name]
    path = folder / name
    path.write_bytes(bytes(cv2.imencode(path.suffix, content(), options)[1]))
    return path


def hide(path: Path, output: Path, problems: Problems | None = None) -> tuple[Any, Any]:
    """Cover a part of a photo; both pictures as OpenCV reads them."""
    photo = read_photo(path)
    planes = photo.frame.planes.copy()
    planes.y[50:150, 60:160], planes.u[25:75, 30:80], planes.v[25:75, 30:80] = 16, 128, 128
    write_photo(photo, planes, output, 95, problems)
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    before, after = (cv2.imdecode(np.frombuffer(unturned(one.read_bytes()), np.uint8), flags) for one in (path, output))
    return before, after


def outside() -> Any:
    mask = np.ones((HEIGHT, WIDTH), bool)
    mask[46:154, 56:164] = False
    return mask


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_change_nowhere_else(tmp_path: Path, name: str) -> None:
    before, after = hide(make(tmp_path, name), tmp_path / f"out-{name}")
    assert before.dtype == after.dtype
    assert before.shape == after.shape
    assert np.array_equal(before[outside()], after[outside()])
    inside = after[60:140, 70:150].astype(np.int64) // (257 if after.dtype == np.uint16 else 1)
    assert (inside[..., :3] == 16).all() if inside.ndim == 3 else (inside == 16).all()


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_hardly_change_elsewhere(tmp_path: Path, name: str) -> None:
    before, after = hide(make(tmp_path, name), tmp_path / f"out-{name}")
    assert before.shape == after.shape
    assert psnr_db(before[outside()], after[outside()]) > (40 if name == "440.jpg" or name.endswith("webp") else 46)
    assert np.abs(after[60:140, 70:150].astype(np.int64) - 16).max() <= 12


def test_transparency_stays_where_something_is_covered(tmp_path: Path) -> None:
    before, after = hide(make(tmp_path, "alpha.png"), tmp_path / "out.png")
    assert np.array_equal(before[:, :, 3], after[:, :, 3])


def test_a_jpeg_of_standard_quality_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(cv2.imencode(".jpg", scene(), [cv2.IMWRITE_JPEG_QUALITY, 71])[1]))
    assert read_photo(path).quality == 71
    hide(path, tmp_path / "out.jpg")
    assert read_photo(tmp_path / "out.jpg").quality == 71


def test_planes_are_the_decoders_and_read_only(tmp_path: Path) -> None:
    photo = read_photo(make(tmp_path, "420.jpg"))
    assert photo.frame.planes.y.shape == (HEIGHT, WIDTH)
    assert photo.frame.planes.u.shape == ((HEIGHT + 1) // 2, (WIDTH + 1) // 2)
    assert photo.frame.full_range
    assert not photo.frame.planes.y.flags.writeable


# --- what stands beside the picture ---

THUMBNAIL = b"\xff\xd8\xff" + b"face" * 20


def exif(orientation: int = 6, *, thumbnail: bool = True, maker: bytes = b"plain notes of a maker") -> bytes:
    """A TIFF structure with orientation, camera, a maker's note and a thumbnail."""
    model = b"Camera 1\x00"
    first_at, exif_at = 8, 8 + 2 + 3 * 12 + 4
    next_at = exif_at + 2 + 12 + 4
    values_at = next_at + 2 + 2 * 12 + 4
    maker_at, thumb_at = values_at + len(model), values_at + len(model) + len(maker)
    data = b"II*\x00" + struct.pack("<I", first_at) + struct.pack("<H", 3)
    data += struct.pack("<HHII", 0x0110, 2, len(model), values_at)
    data += struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack("<HHII", 0x8769, 4, 1, exif_at)
    data += struct.pack("<I", next_at if thumbnail else 0)
    data += struct.pack("<H", 1) + struct.pack("<HHII", 0x927C, 7, len(maker), maker_at) + struct.pack("<I", 0)
    data += struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, thumb_at)
    data += struct.pack("<HHII", 0x0202, 4, 1, len(THUMBNAIL)) + struct.pack("<I", 0)
    return data + model + maker + (THUMBNAIL if thumbnail else b"")


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2, "big") + body


def jpeg_with(folder: Path, *segments: bytes, tail: bytes = b"") -> Path:
    data = make(folder, "420.jpg").read_bytes()
    path = folder / "described.jpg"
    path.write_bytes(data[:2] + b"".join(segments) + data[2:] + tail)
    return path


@pytest.mark.parametrize(("orientation", "turn"), [(1, 0), (3, 180), (6, 90), (8, 270)])
def test_orientation_is_told_and_kept(tmp_path: Path, orientation: int, turn: int) -> None:
    path = jpeg_with(tmp_path, segment(0xE1, b"Exif\x00\x00" + exif(orientation)))
    assert inspect_file(path).rotation_deg == turn
    hide(path, tmp_path / "out.jpg")
    assert inspect_file(tmp_path / "out.jpg").rotation_deg == turn


def test_thumbnails_go_and_the_rest_of_exif_stays(tmp_path: Path) -> None:
    path = jpeg_with(
        tmp_path, segment(0xE1, b"Exif\x00\x00" + exif()), segment(0xE2, b"ICC_PROFILE\x00\x01\x01colours")
    )
    problems = Problems()
    hide(path, tmp_path / "out.jpg", problems)
    data = (tmp_path / "out.jpg").read_bytes()
    assert b"Camera 1" in data
    assert b"plain notes of a maker" in data
    assert b"ICC_PROFILE\x00\x01\x01colours" in data
    assert b"facefaceface" not in data
    assert problems.found == ()


def test_previews_in_a_makers_note_go(tmp_path: Path) -> None:
    path = jpeg_with(tmp_path, segment(0xE1, b"Exif\x00\x00" + exif(maker=b"note " + THUMBNAIL)))
    hide(path, tmp_path / "out.jpg")
    data = (tmp_path / "out.jpg").read_bytes()
    assert b"Camera 1" in data
    assert b"facefaceface" not in data


@pytest.mark.parametrize(
    "body",
    [
        (0xE1, b"http://ns.adobe.com/xap/1.0/\x00<xmpGImg:image>face</xmpGImg:image>"),
        (0xED, b"Photoshop 3.0\x008BIM" + THUMBNAIL),
        (0xE2, b"MPF\x00face"),
        (0xE1, b"Exif\x00\x00damaged face"),
    ],
    ids=["xmp", "photoshop", "mpf", "exif"],
)
def test_other_places_of_pictures_go_and_that_is_said(tmp_path: Path, body: tuple[int, bytes]) -> None:
    problems = Problems()
    hide(jpeg_with(tmp_path, segment(*body)), tmp_path / "out.jpg", problems)
    assert b"face" not in (tmp_path / "out.jpg").read_bytes()
    assert [problem.code for problem in problems.found] == ["media.metadata_dropped"]


def test_what_hangs_behind_a_photo_goes(tmp_path: Path) -> None:
    hide(jpeg_with(tmp_path, tail=b"a motion photo's video with face"), tmp_path / "out.jpg")
    assert b"face" not in (tmp_path / "out.jpg").read_bytes()


def test_harmless_texts_stay(tmp_path: Path) -> None:
    xmp = b"http://ns.adobe.com/xap/1.0/\x00<title>holiday</title>"
    hide(jpeg_with(tmp_path, segment(0xE1, xmp), segment(0xFE, b"a comment")), tmp_path / "out.jpg")
    bodies = [one.body for one in jpeg_segments((tmp_path / "out.jpg").read_bytes())]
    assert xmp in bodies
    assert b"a comment" in bodies


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def test_png_keeps_colours_texts_and_exif(tmp_path: Path) -> None:
    data = make(tmp_path, "colour.png").read_bytes()
    extra = png_chunk(b"gAMA", (45455).to_bytes(4, "big")) + png_chunk(b"tEXt", b"Title\x00holiday")
    extra += png_chunk(b"eXIf", exif()) + png_chunk(b"tEXt", b"Raw profile type exif\x00face")
    path = tmp_path / "described.png"
    path.write_bytes(data[:33] + extra + data[33:])
    problems = Problems()
    before, after = hide(path, tmp_path / "out.png", problems)
    chunks = dict(png_chunks((tmp_path / "out.png").read_bytes()))
    assert chunks[b"gAMA"] == (45455).to_bytes(4, "big")
    assert chunks[b"tEXt"] == b"Title\x00holiday"
    assert b"Camera 1" in chunks[b"eXIf"]
    assert b"face" not in chunks[b"eXIf"]
    assert inspect_file(tmp_path / "out.png").rotation_deg == 90
    assert [problem.code for problem in problems.found] == ["media.metadata_dropped"]
    assert np.array_equal(before[outside()], after[outside()])


@pytest.mark.parametrize("name", ["lossy.webp", "lossless.webp", "alpha.webp"])
def test_webp_keeps_exif_and_profile(tmp_path: Path, name: str) -> None:
    picture = [(kind, body) for kind, body in webp_chunks(make(tmp_path, name).read_bytes()) if kind != b"VP8X"]
    flags = 0x2C | (0x10 if "alpha" in name else 0)
    canvas = bytes([flags, 0, 0, 0]) + (WIDTH - 1).to_bytes(3, "little") + (HEIGHT - 1).to_bytes(3, "little")
    chunks = [(b"VP8X", canvas), (b"ICCP", b"colours"), *picture, (b"EXIF", exif()), (b"XMP ", b"<title/>")]
    body = b"".join(kind + struct.pack("<I", len(one)) + one + b"\x00" * (len(one) % 2) for kind, one in chunks)
    path = tmp_path / "described.webp"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    hide(path, tmp_path / "out.webp")
    kept = dict(webp_chunks((tmp_path / "out.webp").read_bytes()))
    assert kept[b"ICCP"] == b"colours"
    assert kept[b"XMP "] == b"<title/>"
    assert b"Camera 1" in kept[b"EXIF"]
    assert b"face" not in kept[b"EXIF"]
    assert inspect_file(tmp_path / "out.webp").rotation_deg == 90


def test_tiff_keeps_its_description(tmp_path: Path) -> None:
    data = bytearray(make(tmp_path, "plain.tiff").read_bytes())
    path = tmp_path / "described.tiff"
    path.write_bytes(
        tiff_with(data, {274: (3, struct.pack("<H", 8)), 315: (2, b"Somebody\x00"), 34675: (7, b"colours!")})
    )
    assert inspect_file(path).rotation_deg == 270
    before, after = hide(path, tmp_path / "out.tiff")
    written = (tmp_path / "out.tiff").read_bytes()
    assert inspect_file(tmp_path / "out.tiff").rotation_deg == 270
    assert b"Somebody" in written
    assert b"colours!" in written
    assert np.array_equal(before[outside()], after[outside()])


def tiff_with(data: bytearray, extra: dict[int, tuple[int, bytes]]) -> bytes:
    """A little-endian TIFF with more tags in its first table."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    rows = {
        struct.unpack_from("<H", data, at + 2 + 12 * n)[0]: bytes(data[at + 2 + 12 * n : at + 14 + 12 * n])
        for n in range(count)
    }
    for tag, (kind, raw) in extra.items():
        place = len(data)
        if len(raw) > 4:
            data.extend(raw)
        values = len(raw) // (2 if kind == 3 else 1)
        rows[tag] = struct.pack("<HHI", tag, kind, values) + (
            struct.pack("<I", place) if len(raw) > 4 else raw.ljust(4, b"\x00")
        )
    data.extend(b"\x00" * (len(data) % 2))
    struct.pack_into("<I", data, 4, len(data))
    return bytes(data) + struct.pack("<H", len(rows)) + b"".join(rows[tag] for tag in sorted(rows)) + bytes(4)


# --- bad input ---


@pytest.mark.parametrize("name", [*LOSSLESS, *LOSSY])
def test_cut_photos_end_with_a_name_or_a_problem(tmp_path: Path, name: str) -> None:
    data = make(tmp_path, name).read_bytes()
    path = tmp_path / f"cut{Path(name).suffix}"
    for share in (0.01, 0.1, 0.5, 0.99):
        path.write_bytes(data[: max(12, int(len(data) * share))])
        try:
            facts = read_photo(path).facts
        except (SourceCorruptError, SourcePhotoUnsupportedError):
            continue
        assert facts.problems or not name.endswith(".jpg")


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(1000))))
    with pytest.raises(SourcePictureSizeError):
        read_photo(path)


def test_animations_and_pages_are_refused_by_name(tmp_path: Path) -> None:
    data = make(tmp_path, "colour.png").read_bytes()
    path = tmp_path / "a.png"
    path.write_bytes(data[:33] + png_chunk(b"acTL", bytes(8)) + data[33:])
    with pytest.raises(SourcePhotoUnsupportedError):
        read_photo(path)
    cv2.imwritemulti(str(tmp_path / "pages.tiff"), [scene(), scene()])
    with pytest.raises(SourcePhotoUnsupportedError):
        read_photo(tmp_path / "pages.tiff")


@pytest.mark.parametrize(
    ("brand", "what"), [(b"heic", "HEIC"), (b"hevx", "HEIC"), (b"mif1", "HEIF"), (b"avif", "AVIF"), (b"avis", "AVIF")]
)
def test_phones_newer_pictures_are_refused_by_name_and_never_become_a_video(
    tmp_path: Path, brand: bytes, what: str
) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"mif1" + brand + bytes(100))
    for read in (read_photo, inspect_file):
        with pytest.raises(SourcePhotoUnsupportedError, match=what):
            read(path)


def test_no_photo_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no photo")
    with pytest.raises(SourceNotVideoError):
        read_photo(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").touch()
    with pytest.raises(SourceEmptyError):
        read_photo(tmp_path / "b.jpg")


def test_wrong_extension_is_no_matter(tmp_path: Path) -> None:
    make(tmp_path, "420.jpg").rename(tmp_path / "a.png")
    assert read_photo(tmp_path / "a.png").format == "jpeg"
    assert inspect_file(tmp_path / "a.png").kind == "photo"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    photo = read_photo(make(tmp_path, "420.jpg"))
    with pytest.raises(StorageReadOnlyError):
        write_photo(photo, photo.frame.planes, tmp_path / "none" / "a.jpg", 95)
