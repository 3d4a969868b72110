# SPDX-License-Identifier: Apache-2.0
"""Stories of run_cli_tests.py about videos: with a program built with ZOA_VIDEO its frames are
answered as pictures are; without, the error says what to install."""

import json
import struct

from checks import case_problems
from make_fixtures import SIDE, picture, png

COUNT = 20


def chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def group(kind, data):
    return chunk(b"LIST", kind + data)


def bottom_up_bgr(rgb):
    """Pixels as an uncompressed AVI wants them; SIDE * 3 is a multiple of 4, so no padding."""
    rows = [rgb[y * SIDE * 3 : (y + 1) * SIDE * 3] for y in reversed(range(SIDE))]
    return b"".join(row[x : x + 3][::-1] for row in rows for x in range(0, SIDE * 3, 3))


def avi(pictures):
    """An uncompressed AVI of RGB pictures, so that nothing is lost on the way."""
    size = SIDE * SIDE * 3
    main = struct.pack(
        "<14I", 40000, size * 25, 0, 0x10, len(pictures), 0, 1, size, SIDE, SIDE, 0, 0, 0, 0
    )
    stream = struct.pack(
        "<4s4sIHHIIIIIIII4H", b"vids", b"DIB ", 0, 0, 0, 0, 1, 25, 0, len(pictures), size,
        0xFFFFFFFF, 0, 0, 0, SIDE, SIDE,
    )  # fmt: skip
    bitmap = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 24, 0, size, 0, 0, 0, 0)
    head = chunk(b"avih", main) + group(b"strl", chunk(b"strh", stream) + chunk(b"strf", bitmap))
    frames, index = b"", b""
    for rgb in pictures:
        index += struct.pack("<4s3I", b"00db", 0x10, 4 + len(frames), size)
        frames += chunk(b"00db", bottom_up_bgr(rgb))
    body = group(b"hdrl", head) + group(b"movi", frames) + chunk(b"idx1", index)
    return chunk(b"RIFF", b"AVI " + body)


def answers(text):
    lines = [json.loads(line) for line in text.splitlines()]
    return [{k: v for k, v in line.items() if k != "source"} for line in lines]


def test_video(runner):
    folder = runner.case_folder("adapt-video")
    pictures = [picture(i % 10, 500 + i) for i in range(COUNT)]
    (folder / "frames").mkdir()
    for i, rgb in enumerate(pictures):
        (folder / "frames" / f"{i:03d}.png").write_bytes(png(SIDE, SIDE, rgb))
    (folder / "film.avi").write_bytes(avi(pictures))
    (folder / "no.avi").write_bytes(b"no film")
    base = ["adapt", "{fix}/good.zoa", "--window", "8", "--quiet", "--no-timings", "--source"]
    film = runner.run([*base, "video:film.avi"], folder)
    if film.returncode == 4:
        wanted = {"exit": 4, "stderr": "built without video; install libopencv-videoio-dev"}
        runner.check("adapt: a program without video", case_problems(wanted, film), base)
        return
    problems = case_problems({"exit": 0}, film)
    frames = runner.run([*base, "frames"], folder)
    if answers(film.stdout) != answers(frames.stdout) or len(answers(film.stdout)) != COUNT:
        problems.append("a film's frames are not answered as its pictures")
    runner.check("adapt: a film", problems, base)
    for name in ("no.avi", "missing.avi"):
        done = runner.run([*base, f"video:{name}"], folder)
        wanted = {"exit": 1, "stderr": f"cannot open {name}"}
        runner.check(f"adapt: {name}", case_problems(wanted, done), base)
