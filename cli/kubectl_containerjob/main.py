"""Names of the commands and where they live; imports click only, so that `--help` answers at once."""

import importlib
import signal

import click

PROGRAM = "kubectl containerjob"
COMMANDS = {
    "local": (
        "kubectl_containerjob.commands.local",
        "Run a control plane, an engine and the operator on this machine",
    ),
    "version": ("kubectl_containerjob.commands.version", "Show the versions of the plugin and of what it brings"),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and lists them all without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Run jobs in containers outside the cluster.

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """


def main() -> None:
    """Run the plugin under the name that people type; SIGTERM ends it as Ctrl-C does, so that it tidies up."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli(prog_name=PROGRAM)
