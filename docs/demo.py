"""The main job on a bundled prototype: inspect, harden, see the score, serve it, trace one request.

Works in a temporary folder; the server listens on 127.0.0.1 and is ended before this ends.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

PROTOTYPE = Path(__file__).resolve().parents[1] / "tests" / "prototypes" / "notes"
BUTTRESS = [str(Path(sys.executable).with_name("buttress"))]
REQUEST_ID = "demo-4711"


def main() -> None:
    """Run the demo."""
    with tempfile.TemporaryDirectory(prefix="buttress-demo-") as scratch:
        project = Path(scratch) / "notes"
        shutil.copytree(PROTOTYPE, project)
        commit(project)
        say("1. What keeps this prototype from production?", "buttress inspect")
        run([*BUTTRESS, "inspect", str(project)])
        say("2. Apply every recipe that fits", "buttress harden --all --yes")
        run([*BUTTRESS, "harden", str(project), "--all", "--yes"])
        say("3. Serve the hardened prototype, and trace one request", "uvicorn main:app")
        serve_and_trace(project, Path(scratch))
        say("4. Take it all back", "buttress undo")
        run([*BUTTRESS, "undo", str(project)])
        run(["git", "-C", str(project), "status", "--short"])
        print("The prototype is what it was.")


def say(title: str, command: str) -> None:
    """Print a headline."""
    print(f"\n\033[1m{title}\033[0m  ({command})\n", flush=True)


def run(command: list[str]) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True)


def commit(project: Path) -> None:
    """Make a git repository of the project."""
    git = ["git", "-C", str(project), "-c", "user.name=demo", "-c", "user.email=demo@example.org"]
    run([*git, "init", "--quiet", "--initial-branch", "main"])
    run([*git, "add", "--all"])
    run([*git, "commit", "--quiet", "--message", "The prototype"])


def serve_and_trace(project: Path, scratch: Path) -> None:
    """Install what the hardened project declares, start it, and show the lines of one request."""
    python = install(project, scratch / "environment")
    port = free_port()
    log = scratch / "server.log"
    environment = {
        **os.environ,
        "LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
        "API_TOKEN": "a-new-one",
    }
    with log.open("w") as output:
        server = subprocess.Popen(
            [str(python), "-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port", str(port)],
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(port, server)
            trace(port)
        finally:
            server.terminate()
            server.wait(timeout=20)
    lines = [line for line in log.read_text().splitlines() if REQUEST_ID in line]
    if not lines:
        sys.exit(f"No log line has the request's ID:\n{log.read_text()}")
    print(f"\nIts lines in the log, found by {REQUEST_ID}:")
    for line in lines:
        shown = {k: v for k, v in json.loads(line).items() if k != "exception"}
        print("  " + json.dumps(shown))


def install(project: Path, environment: Path) -> Path:
    """Return the Python of a new virtual environment with the project's requirements."""
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    requirements = str(project / "requirements.txt")
    run([str(python), "-m", "pip", "install", "--quiet", "--requirement", requirements])
    return python


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server takes connections."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("The server did not start.")


def trace(port: int) -> None:
    """Send one request that fails inside, and print what the client gets."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/report", headers={"X-Request-ID": REQUEST_ID}
    )
    try:
        urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as answer:
        print(f"GET /report -> {answer.status}, X-Request-ID: {answer.headers['X-Request-ID']}")
        print("  " + answer.read().decode())
        return
    sys.exit("The request should have failed.")


if __name__ == "__main__":
    main()
