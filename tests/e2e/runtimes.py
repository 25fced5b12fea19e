"""
Programs in JavaScript and C# that run. Where there is no Node or no .NET for them, a test is skipped.
"""

import contextlib
import os
import pathlib
import tempfile

from harness import Process, Skip
import managed  # of tools, which the harness has put into the path


@contextlib.contextmanager
def skipped_without():
    try:
        yield
    except managed.Missing as reason:
        raise Skip(reason) from None


def node(script, *arguments, stdout=None):
    with skipped_without():
        command = managed.node(script)
    return Process(*command, *arguments, stdout=stdout)


def dotnet(source, *arguments, stdout=None):
    """The program is compiled once, where the tests' other programs are, and anew when its source
    has changed."""
    with skipped_without():
        sdk = managed.Dotnet()
    made = pathlib.Path(os.environ["CLIENTS"]) / "dotnet" / (source.stem + ".dll")
    made.parent.mkdir(exist_ok=True)
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        # Tests run side by side: each that finds none makes its own, and whole ones replace another.
        with tempfile.TemporaryDirectory(dir=made.parent) as folder:
            fresh = sdk.compile(source, folder)
            with contextlib.suppress(PermissionError):  # Windows, and another's runs: it is as good
                for suffix in (".runtimeconfig.json", ".dll"):
                    os.replace(fresh.with_suffix(suffix), made.with_suffix(suffix))
    return Process(*sdk.command(made), *arguments, stdout=stdout)
