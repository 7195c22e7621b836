"""Fail when a lock lacks what the project asks for, differs from another or says where packages are."""

import json
import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
GROUPS = PROJECT["dependency-groups"]
ASKED = {
    "requirements-build.lock": GROUPS["build"],
    "requirements.lock": RUNTIME,
    "requirements-dev.lock": [*RUNTIME, *GROUPS["build"], *GROUPS["dev"]],
}
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", re.MULTILINE)
PLACE = re.compile(r"://|file:|^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links|--trusted-host)\b", re.MULTILINE)

problems = []
seen: dict[str, str] = {}
for file, asked in ASKED.items():
    text = Path(file).read_text()
    pins = {canonicalize_name(name): version for name, version in PIN.findall(text)}
    for requirement in map(Requirement, asked):
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None or not requirement.specifier.contains(pin, prereleases=True):
            problems.append(f"{file}: has {requirement.name} {pin}, not {requirement} of pyproject.toml")
    problems += [
        f"{file}: has {name} {version}, and another lock has {seen[name]}"
        for name, version in pins.items()
        if seen.setdefault(name, version) != version
    ]
    if PLACE.search(text):
        problems.append(f"{file}: names the place that packages come from")

problems += [
    f"package-lock.json: names the place that {name} comes from"
    for name, package in json.loads(Path("package-lock.json").read_text())["packages"].items()
    if "resolved" in package
]

if problems:
    sys.exit("\n".join([*problems, "Run: make lock"]))
