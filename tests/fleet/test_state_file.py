"""What a later server finds of a worker."""

import os
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from popcam.fleet.state_file import WorkerRecord, find_process, read_records, record_path, remove_record, write_record


def own_record() -> WorkerRecord:
    me = psutil.Process()
    return WorkerRecord(
        token="0123abcd",
        slot="w1",
        pid=me.pid,
        create_time_s=me.create_time(),
        commands="ipc:///run/c",
        facts="ipc:///run/f",
        protocol_version=1,
        popcam_version="0",
        command=(me.cmdline()[0], me.cmdline()[-1]),
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_record(tmp_path, own_record())
    assert read_records(tmp_path) == [own_record()]
    assert read_records(tmp_path)[0].endpoints.commands == "ipc:///run/c"


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_record_is_private(tmp_path: Path) -> None:
    write_record(tmp_path, own_record())
    assert record_path(tmp_path, "0123abcd").stat().st_mode & 0o777 == 0o600


def test_an_unreadable_record_is_cleaned_away(tmp_path: Path) -> None:
    record_path(tmp_path, "half").write_text('{"token":')
    assert read_records(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_removing_twice_is_safe(tmp_path: Path) -> None:
    write_record(tmp_path, own_record())
    remove_record(tmp_path, "0123abcd")
    remove_record(tmp_path, "0123abcd")
    assert list(tmp_path.iterdir()) == []


def test_the_process_of_a_record_is_found() -> None:
    process = find_process(own_record())
    assert process is not None
    assert process.pid == os.getpid()


def test_a_process_that_started_at_another_time_is_not_it() -> None:
    record = msgspec.structs.replace(own_record(), create_time_s=own_record().create_time_s - 10.0)
    assert find_process(record) is None


def test_a_process_of_another_program_is_not_it() -> None:
    assert find_process(msgspec.structs.replace(own_record(), command=("python", "popcam.other"))) is None
