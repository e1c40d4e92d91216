"""Answers about the environment: the fields of the settings, and the variables of the example file."""

from __future__ import annotations

import posixpath

from buttress.analysis.configuration import environment_reads, is_of_the_machine
from buttress.analysis.secrecy.secret_files import tracked_secret_files
from buttress.analysis.secrecy.secrets import is_secret_variable
from buttress.analysis.settings_fields import (
    Kind,
    SettingsPlan,
    environment_variable,
    plan_settings,
)
from buttress.analysis.structure.import_order import needed_by_package
from buttress.planning.providers import answer
from buttress.planning.stored import stored_units
from buttress.project.model import Project, Role, Service
from buttress.rewrites.secret_hook import REPOSITORY, REVISION
from buttress.source import Module


@answer("settings-fields")
def settings_fields(project: Project, service: Service) -> object:
    """Return the fields of the settings class as plain data."""
    return [item.as_answer() for item in _plan(project, service).fields]


@answer("settings-environment-variable")
def settings_environment_variable(project: Project, service: Service) -> object:
    """Return the variable that says where the app runs."""
    return environment_variable(_modules(project, service, Role.APP))


@answer("environment-variables")
def environment_variables(project: Project, service: Service) -> object:
    """Return every variable that the code reads, for the example file; never with a secret value."""
    fields = {item.name: item for item in _plan(project, service).fields}
    modules = _modules(project, service, Role.APP)
    read = {found.name for module in modules for found in environment_reads(module) if found.name}
    names = {name for name in read if not is_of_the_machine(name)}
    variables = []
    for name in sorted(names | fields.keys()):
        item = fields.get(name)
        is_secret = item.type == "secret" if item else is_secret_variable(name)
        comment = _COMMENTS.get(item.kind, "") if item else ""
        default = item.default if item and not is_secret else None
        example = "" if default is None else str(default)
        is_needed = is_secret or (item is not None and item.kind is Kind.REQUIRED)
        variable = {"name": name, "comment": comment, "example": example}
        variables.append(variable if example or is_needed else {**variable, "optional": True})
    return variables


@answer("secret-hook")
def hook_for_secrets(project: Project, service: Service) -> object:
    """Return the repository and revision of the hook that looks for secrets before a commit."""
    return {"repository": REPOSITORY, "revision": REVISION}


@answer("tracked-secret-files")
def tracked_files_of_secrets(project: Project, service: Service) -> object:
    """Return the paths of the files of secrets that git tracks."""
    return [file.path for file in tracked_secret_files(project.tree)]


_COMMENTS = {
    Kind.REQUIRED: "required",
    Kind.SIGNING: "secret, required in production",
    Kind.CREDENTIAL: "secret, required in production",
    Kind.OPTIONAL: "secret",
    Kind.EMPTY: "secret",
}


def _plan(project: Project, service: Service) -> SettingsPlan:
    too_early = needed_by_package(project, service)
    found = _modules(project, service, Role.APP)
    modules = [module for module in found if module.path not in too_early]
    tests = _modules(project, service, Role.TEST)
    return plan_settings(modules, tests, environment_variable(modules))


def _modules(project: Project, service: Service, role: Role) -> list[Module]:
    """Return the modules of a role, without those that recipes brought: they have their own defaults."""
    brought = _brought(project)
    found = [project.tree.module(path) for path in service.files(role) if path not in brought]
    return [module for module in found if module.problem is None]


def _brought(project: Project) -> set[str]:
    """Return the modules that recipes own, as the answers say that are kept of them."""
    return {
        posixpath.normpath(
            posixpath.join(
                str(answers.get("service_root", ".")),
                str(answers.get("package_dir", ".")),
                f"{value}.py",
            )
        )
        for answers in stored_units(project.tree).values()
        for name, value in answers.items()
        if name.endswith("_module")
    }
