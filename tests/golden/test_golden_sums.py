"""Recorded files are only added, never changed."""

from golden.recording.sums import FOLDERS, GOLDEN, kept_sums, sums_of_files


def test_no_recorded_file_was_changed_or_removed_and_each_has_its_sum() -> None:
    found, kept = sums_of_files(), kept_sums()
    assert {path for path in kept if found.get(path) != kept[path]} == set(), "changed or removed"
    assert set(found) - set(kept) == set(), "new: add their sums (golden/recording/sums.py)"


def test_each_folder_of_recorded_files_is_looked_at() -> None:
    folders = {path.name for path in GOLDEN.iterdir() if path.is_dir() and path.name != "__pycache__"}
    programs = {path.parent.name for path in GOLDEN.glob("*/__init__.py")}
    assert folders - programs == set(FOLDERS)
