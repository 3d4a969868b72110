# SPDX-License-Identifier: Apache-2.0
"""The output folder: NAME.jsonl of each finished cell, NAME.log of each failed one, models/.

A file gets its name only when it is whole, so that a kill at any time leaves nothing half done.
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoa.sweep.cells import Build, Cell
from zoa.sweep.grid import SweepError

PART = ".part"  # end of the names of what is being written
TAIL_BYTES = 1_000_000  # more than any last record has
DESCRIPTION = "zoa.json"  # of a model folder


def read_records(text: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Header and summary of one complete run of one method; None if it is anything else."""
    lines = text.removesuffix("\n").split("\n")  # not splitlines: names may hold its other breaks
    try:
        header, summary = json.loads(lines[0]), json.loads(lines[-1])
        whole = header["kind"] == "run" and summary["kind"] == "summary" and summary["complete"]
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    return (header, summary) if whole is True and text.endswith("\n") else None


def read_ends(path: Path) -> str:
    """First line and last lines of a file: what read_records() needs of one of any size."""
    with open(path, "rb") as file:
        head = file.readline()
        size = file.seek(0, os.SEEK_END)
        file.seek(max(len(head), size - TAIL_BYTES))
        return (head + file.read()).decode(errors="replace")


class Store:
    def __init__(self, output: str) -> None:
        self.output = output

    def path(self, cell: Cell) -> Path:
        return Path(self.output, cell.file)

    def log_path(self, cell: Cell | Build) -> Path:
        return Path(self.output, cell.name + ".log")

    def folder(self, build: Build) -> Path:
        return Path(self.output, "models", build.name + ".zoa")

    def model_path(self, cell: Cell) -> str:
        """The model's folder as the program gets it."""
        source = cell.source
        return str(self.folder(source.build)) if source.build else source.folder

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the folder and holds it for this process; a killed process lets it go."""
        try:
            Path(self.output, "models").mkdir(parents=True, exist_ok=True)
            handle = open(Path(self.output, ".lock"), "w")  # noqa: SIM115  held until the end
        except OSError as error:
            raise SweepError(f"{self.output}: cannot be written: {error.strerror}") from None
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SweepError(f"{self.output}: another sweep is writing there") from None
            except OSError as error:
                raise SweepError(f"{self.output}: cannot be locked: {error.strerror}") from None
            self.remove_parts()
            yield

    def remove_parts(self) -> None:
        """What a killed sweep was writing."""
        for folder in (Path(self.output), Path(self.output, "models")):
            for path in folder.glob(".*" + PART):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def is_built(self, build: Build) -> bool:
        return (self.folder(build) / DESCRIPTION).is_file()

    def find_summary(self, cell: Cell) -> dict[str, Any] | None:
        """Of a complete record. None if there is none or it is of another model than the folder's
        present one; a folder that cannot be read here, but perhaps by the workers, is believed."""
        try:
            records = read_records(read_ends(self.path(cell)))
        except OSError:
            return None
        if records is None:
            return None
        header, summary = records
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            description = json.loads(Path(self.model_path(cell), DESCRIPTION).read_bytes())
            if description["hashes"]["model.bin"] != header["model"]["hash"]:
                return None
        return summary

    def write(self, path: Path, text: str) -> None:
        part = path.with_name(f".{path.name}{PART}")
        with open(part, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)

    def keep_records(self, cell: Cell, text: str) -> None:
        self.write(self.path(cell), text)
        self.log_path(cell).unlink(missing_ok=True)

    def keep_log(self, cell: Cell | Build, text: str) -> None:
        self.write(self.log_path(cell), text)

    def keep_model(self, build: Build, files: dict[str, bytes]) -> None:
        folder = self.folder(build)
        part = folder.with_name(f".{folder.name}{PART}")
        part.mkdir()
        for name, content in files.items():
            (part / name).write_bytes(content)
        shutil.rmtree(folder, ignore_errors=True)  # without zoa.json: not ours, or damaged
        os.rename(part, folder)
        self.log_path(build).unlink(missing_ok=True)
