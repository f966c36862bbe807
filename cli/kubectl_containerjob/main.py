"""Names of the commands and where they live; imports click only, so that `--help` answers at once."""

import importlib
import os
import re
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final

import click

from kubectl_containerjob import exits
from kubectl_containerjob.connection import options, remember
from kubectl_containerjob.terminal import width

PROGRAM: Final = "kubectl containerjob"
NARROWEST: Final = 50
WIDEST: Final = 78
"""Columns of help."""
COMMANDS: Final = {
    "cancel": "Stop jobs; their records stay",
    "cleanup": "Delete finished jobs and what they left",
    "completion": "Print or install completion for a shell",
    "create": "Create jobs",
    "delete": "Delete jobs and stop what they run",
    "doctor": "Check the cluster, the operator, its hosts and your permissions",
    "host": "Show, add, test and cordon hosts",
    "list": "List jobs as kubectl get does",
    "local": "Run a control plane, an engine and the operator on this machine",
    "logs": "Print the output of jobs",
    "resume": "Let suspended jobs run",
    "retry": "Run a job again under a new name",
    "run": "Create or resume a job, follow it, and end as it does",
    "seed": "Create sample hosts, templates and jobs",
    "show": "Show a job, its attempts and its events",
    "status": "Show queue, hosts and operator on one screen",
    "suspend": "Stop jobs until they are resumed",
    "template": "Show, check and render job templates",
    "top": "Show what running jobs use",
    "version": "Show the versions of the plugin and of what it talks to",
    "wait": "Wait until jobs have finished",
    "why": "Say why jobs are where they are, and what would move them",
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and lists them all without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"kubectl_containerjob.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; where there is none, name the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"there is no command {args[0]!r}{f': did you mean {near[0]}?' if near else ''}")
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and write every mistake as one line; click would add two of its own to each wrong usage."""
        args = as_kubectl_reads(sys.argv[1:] if args is None else args)
        extra.setdefault("terminal_width", max(NARROWEST, min(width() - 2, WIDEST)))
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:  # its message is the whole page
            click.echo(error.format_message(), err=True)
            sys.exit(exits.USAGE)
        except click.UsageError as error:
            from kubectl_containerjob.screens.plain_text import harmless

            where = error.ctx.command_path if error.ctx is not None else _called(args)
            click.echo(f"error: {harmless(_sentence(error))}; see `{where} --help`", err=True)
            sys.exit(exits.USAGE)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt) as error:
            if isinstance(error, click.Abort) and error.__cause__ is None:  # click begins a line below Ctrl-C itself
                click.echo("", err=True)
            sys.exit(exits.DETACHED)
        sys.exit(result if isinstance(result, int) else exits.DONE)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text("Every command takes kubectl's own -n, --context, --kubeconfig, --as and their like.")
        formatter.write_paragraph()
        formatter.write_text(exits.TEXT)


def as_kubectl_reads(args: Sequence[str]) -> list[str]:
    """Read `-o=json` as kubectl does, up to a `--`; to click the sign belongs to the value."""
    ours = list(args)
    end = ours.index("--") if "--" in ours else len(ours)
    return [*(re.sub(r"^(-[flLnops])=", r"\1", word) for word in ours[:end]), *ours[end:]]


def _called(args: Sequence[str]) -> str:
    """Name the command whose words make no sense; click does not say so of an option without its value."""
    return f"{PROGRAM} {args[0]}" if args and args[0] in COMMANDS else PROGRAM


def _sentence(error: click.ClickException) -> str:
    return " ".join(error.format_message().split()).removesuffix(".")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@options
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> None:
    """Run jobs in containers outside the cluster.

    \b
    # Run a container on any host, and see what it prints
    kubectl containerjob run hello --image busybox:1.37 -- echo hello
    """
    remember(ctx, given)


def main() -> None:
    """Run the plugin under the name that people type; what ends it ends it as Ctrl-C does, so that it tidies up."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has the latter
            signal.signal(number, signal.default_int_handler)
    try:
        cli(prog_name=PROGRAM)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        sys.exit(exits.FAILED)
    except OSError as error:  # a disk that is full, a terminal that is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is not written yet is not tried again
        from kubectl_containerjob.problems import Problem

        Problem(str(error)).show()
        sys.exit(exits.FAILED)
