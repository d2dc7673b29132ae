"""Where words go, and how a file is written whole or not at all."""

import dataclasses
import errno
from pathlib import Path

import pytest
from rich.text import Text

from abstory.cli.output import console, look, show, write_file
from abstory.cli.settings import Settings
from abstory.errors import NotWritable

USUAL = Settings(
    project=Path(),
    database=Path("abstory.duckdb"),
    wait=0,
    memory=None,
    color="auto",
    ascii_only=False,
    width=None,
    quiet=False,
    verbose=False,
)


def test_colour_needs_a_terminal_or_a_flag(capsys, monkeypatch):
    def shown(color):
        show(dataclasses.replace(USUAL, color=color), [Text("SHIP", "green")])
        return capsys.readouterr().out

    assert shown("auto") == shown("never") == "SHIP\n"
    assert "\x1b[32m" in shown("always")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" not in shown("auto")


def test_a_line_is_printed_as_it_is(capsys):
    show(dataclasses.replace(USUAL, width=40), [Text("x" * 60), Text("[bold]:smile:")])
    assert capsys.readouterr().out == "x" * 60 + "\n[bold]:smile:\n"


def test_eighty_columns_where_there_is_no_terminal(capsys):
    assert look(USUAL).width == console(USUAL).width == 80
    assert look(dataclasses.replace(USUAL, width=55)).width == 55


def test_a_file_is_replaced_whole_and_through_a_link(tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    write_file(link, "new −\n")
    assert real.read_text(encoding="utf-8") == "new −\n"
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.txt", "real.txt"]


def test_a_failure_leaves_the_old_file(tmp_path):
    file = tmp_path / "report.txt"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_file(file, "\ud800")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]


@pytest.mark.parametrize("path", ["/dev/null", "/no/such/folder/report.txt"])
def test_what_is_no_regular_file_is_refused(path):
    with pytest.raises(NotWritable):
        write_file(Path(path), "text")


def test_v_tells_the_steps_on_stderr_and_changes_no_data(project, call):
    plain = call("-C", project, "report", "cta")
    code, out, errors = call("-C", project, "-v", "report", "cta")
    assert (code, out) == plain[:2]
    steps = [line.split(" ms  ", 1)[1] for line in errors.splitlines()]
    assert steps[:2] == ["settings from flags, environment and no file", "checked 1 experiment file"]
    assert f"opened {project / 'abstory.duckdb'} to read" in steps
    assert "rolled cta up: 3 variants, 4 measures" in steps
    assert plain[2] == ""


def test_a_file_system_that_takes_nothing_is_said_even_where_nothing_can_be_tidied_up(tmp_path, monkeypatch):
    """On a read-only file system removing what was never written fails too."""

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(NotWritable, match="Read-only file system"):
        write_file(tmp_path / "r.html", b"page")
