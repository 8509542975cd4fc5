"""The shell examples of the README's first steps and of the tutorial run as they are written, on a free port."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kit.servers.held_port import HeldPort

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.blackbox,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash"),
]


def run(text: str, folder: Path) -> str:
    """Runs the shell blocks of a page and returns everything that they write."""
    places = [HeldPort(), HeldPort()]
    looply_port, sap_port = (place.number for place in places)
    script = "set -e\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n" + "\n".join(BLOCK.findall(text)) + "\nwait\n"
    script = script.replace("8080", str(looply_port)).replace("8090", str(sap_port))
    (folder / ".venv").symlink_to(sys.prefix)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOOPLY_")}
    environment |= {"LOOPLY_PORT": str(looply_port), "LOOPLY_URL": f"http://127.0.0.1:{looply_port}", "COLUMNS": "200"}
    process = subprocess.Popen(
        ["bash", "-m", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        pytest.fail(f"the steps did not end:\n{output}")
    finally:
        stop_all(process.pid)
    assert process.returncode in (0, 143), output
    return output


def stop_all(session: int) -> None:
    """Ends what the script has left behind, also in process groups of its own."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            os.kill(int(entry.parent.name), signal.SIGKILL)


def in_order(output: str, *texts: str) -> None:
    position = 0
    for text in texts:
        found = output.find(text, position)
        assert found >= 0, f"{text!r} is missing after {output[:position][-300:]!r}\n{output}"
        position = found


def test_the_first_steps_of_the_readme_lead_to_a_completed_execution(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    steps = text.partition("\n## First steps\n")[2].partition("\n## ")[0] + "\n```bash\nkill %1\n```\n"
    output = run(steps, tmp_path)
    in_order(output, "looply_execution_id", '"message":"restarted"', "COMPLETED", "WAIT_RESUMED", "EXECUTION_COMPLETED")


def test_the_tutorial_can_be_followed_from_its_first_line_to_its_last(tmp_path: Path) -> None:
    output = run((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"), tmp_path)
    in_order(
        output,
        '"name":"S4"',
        "0 errors, 0 warnings",
        '"status":"COMPLETED"',
        '"status":"WAITING"',
        '"message":"recorded"',
        "COMPLETED at sapRequest_2",
        "ACTIVE",
        "FAILED at terminate_2",
    )
