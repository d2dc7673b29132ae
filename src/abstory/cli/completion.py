"""`abstory completion SHELL`: the script that makes a shell complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from abstory.cli import output

SHELLS = {
    "bash": 'eval "$(abstory completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(abstory completion zsh)" in ~/.zshrc',
    "fish": "abstory completion fish | source in ~/.config/fish/config.fish",
}
"""Every shell with the line that switches completion on."""


@click.command("completion", epilog="; ".join(f"{shell}: {line}" for shell, line in SHELLS.items()))
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> None:
    """Print the script that completes commands, options and experiment keys in SHELL."""
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:  # pragma: no cover - the choice above holds click's own names
        raise click.BadParameter(shell)
    output.write(made(ctx.find_root().command, {}, "abstory", "_ABSTORY_COMPLETE").source())


def keys(ctx: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Keys of the project's experiments that begin as typed, with their titles; nothing where a file cannot be read."""
    from pathlib import Path

    from abstory.spec import find_all

    project = ctx.find_root().params.get("project") or Path()
    try:
        found = find_all(Path(project))
    except Exception:  # noqa: BLE001 a completion must never disturb what is being typed
        return []
    return [CompletionItem(one.key, help=one.title) for one in found if one.key.startswith(begun)]
