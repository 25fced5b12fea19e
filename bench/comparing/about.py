"""The machine and the versions, for whoever reads the figures."""

import os
import pathlib
import platform
import re
import subprocess

import managed


def first_line(*command):
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return "not found"
    return run.stdout.strip().split("\n")[0]


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    return f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} in all"


def distribution():
    text = pathlib.Path("/etc/os-release").read_text()
    return re.search(r'^PRETTY_NAME="?([^"\n]*)', text, re.M).group(1)


def libraries(root):
    names = [path.name for path in (root / "subprojects").iterdir() if path.is_dir()]
    return ", ".join(sorted(n for n in names if re.match(r"(libuv-|asio-|boost_|mimalloc-)", n)))


def runtimes():
    """The packages of npm that have them."""
    found = managed.FETCHED.iterdir() if managed.FETCHED.is_dir() else []
    return ", ".join(sorted(path.name.replace("@", " ") for path in found)) or "none"


def describe(root, rounds, duration, warmup):
    revision = first_line("git", "-C", str(root), "describe", "--always", "--dirty")
    ran = f"{rounds} interleaved round{'s' * (rounds != 1)} of {duration:g} s after {warmup:g} s"
    return {
        "ran": f"Medians of {ran} of warm-up.",
        "processor": processor(),
        "busy before": f"{os.getloadavg()[0]:.1f} processes on average",
        "system": f"{distribution()}, Linux {platform.release()}",
        "wine": first_line("wine", "--version"),
        "compiler": first_line("x86_64-w64-mingw32-gcc", "--version") + ", -O2 for all",
        "libraries": libraries(root),
        "runtimes": runtimes(),
        "pipeport": revision,
    }
