"""Programs that add recorded files; they never change one."""
