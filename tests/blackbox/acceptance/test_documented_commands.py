"""The commands of README, tutorial and how-to pages work as they are printed, in order, in one folder."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from kit.documented_commands import INDEX, README, ROOT, TUTORIAL, Block, Run, pages_in_order, run_blocks, shell_blocks

pytestmark = pytest.mark.blackbox

NOT_RUN: dict[str, dict[str, int]] = {
    "README.md": {"installs packages": 2},
    "docs/how-to/approvals.md": {"needs a person who has signed in": 1},
    "docs/how-to/backup.md": {"needs PostgreSQL": 2},
    "docs/how-to/mail.md": {"needs a tenant of Microsoft": 1},
    "docs/how-to/make-a-client.md": {"downloads packages": 2},
    "docs/how-to/move-to-postgresql.md": {"needs PostgreSQL": 4},
    "docs/how-to/notifications.md": {"needs a mail server": 1},
    "docs/how-to/operate.md": {"needs several machines": 1},
    "docs/how-to/repair.md": {"needs a failed iteration": 1},
    "docs/how-to/people.md": {"needs a member": 2, "needs a stopped server": 1},
    "docs/how-to/retention.md": {"needs PostgreSQL": 1},
    "docs/how-to/service.md": {"needs systemd": 3, "needs certbot": 1},
    "docs/how-to/several-machines.md": {"needs several machines": 9},
    "docs/how-to/stuck-executions.md": {"needs systemd": 3},
    "docs/how-to/teams.md": {"needs a tenant of Microsoft": 3, "waits for a click": 1},
}
"""The blocks that are not run, by page and reason. Each page says the same beside the block."""


def test_the_blocks_that_are_not_run_are_listed_with_their_reason() -> None:
    found = {
        str(page.relative_to(ROOT)): dict(Counter(block.reason for block in shell_blocks(page) if block.reason))
        for page in pages_in_order()
    }
    assert {page: reasons for page, reasons in found.items() if reasons} == NOT_RUN


@pytest.mark.parametrize("page", [README, TUTORIAL, INDEX], ids=lambda page: str(page.relative_to(ROOT)))
def test_waiting_for_a_server_ends_when_the_server_cannot_start(page: Path, tmp_path: Path) -> None:
    _skip_without_programs()
    (block,) = (block for block in shell_blocks(page) if "/healthz/ready" in block.text)
    commands = block.text[block.text.index("looply serve") : block.text.rindex("done") + len("done")]
    absent = commands.replace("my-data", "absent").replace("tutorial-data", "absent")
    prepare = Block(page, block.line, ". .venv/bin/activate\nexport LOOPLY_URL=http://127.0.0.1:8080", "")

    run = run_blocks([prepare, block._replace(text=absent)], tmp_path, timeout_seconds=60)

    assert "absent is no data folder of Looply" in run.output
    assert run.failures == []


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All commands, followed by one newcomer."""
    _skip_without_programs()
    blocks = [block for page in pages_in_order() for block in shell_blocks(page) if not block.reason]
    return run_blocks(blocks, tmp_path_factory.mktemp("newcomer"), timeout_seconds=1500)


@pytest.mark.proof
@pytest.mark.timeout(1600)
def test_every_printed_command_succeeds(run: Run) -> None:
    assert run.failures == [], run.output


@pytest.mark.proof
@pytest.mark.timeout(1600)
def test_readme_and_tutorial_lead_to_what_they_promise(run: Run) -> None:
    expected = (
        # the first steps
        "looply_execution_id",
        '"message":"restarted"',
        "COMPLETED",
        "WAIT_RESUMED",
        "EXECUTION_COMPLETED",
        # the tutorial
        '"name":"S4"',
        "0 errors, 0 warnings",
        '"status":"COMPLETED"',
        "/amount",
        '"status":"WAITING"',
        '"message":"recorded"',
        "COMPLETED at sapRequest_2",
        "ACTIVE",
        "FAILED at terminate_2",
    )
    position = 0
    for text in expected:
        found = run.output.find(text, position)
        assert found >= 0, f"{text!r} is missing after {run.output[:position][-300:]!r}"
        position = found


def _skip_without_programs() -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("needs curl and bash")
