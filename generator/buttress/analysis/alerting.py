"""What tells somebody that the app is unwell: alert rules, alarms, objectives, checks from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from buttress.analysis.delivery.deployments import terraform_of
from buttress.analysis.delivery.workflows import Pipeline
from buttress.project.documents import read_json, read_yaml, table, text_of
from buttress.project.model import Place, Project
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_ALARMS = (
    r"aws_cloudwatch_(?:metric_alarm|composite_alarm)|aws_route53_health_check|aws_synthetics_canary|google_monitoring_(?:alert_policy|uptime_check_config|slo)"
    r"|azurerm_monitor_(?:metric_alert|scheduled_query_rules_alert(?:_v2)?|activity_log_alert)|azurerm_application_insights_(?:standard_)?web_test"
    r"|datadog_(?:monitor|service_level_objective|synthetics_test)|grafana_(?:rule_group|slo)|newrelic_(?:nrql_alert_condition|alert_condition|synthetics_monitor|service_level)"
    r"|betteruptime_monitor|better_uptime_monitor|uptimerobot_monitor|statuscake_uptime_check|pingdom_check|checkly_check|sentry_(?:issue|metric)_alert"
    r"|pagerduty_service|opsgenie_.*|honeycombio_(?:trigger|slo)|digitalocean_(?:monitor|uptime)_alert|scaleway_cockpit_alert_manager|signalfx_detector"
)  # fmt: skip
_CLOUDFORMATION = lazy_pattern(r"^\s+Type:\s*[\"']?AWS::CloudWatch::(?:Alarm|CompositeAlarm)\b", re.MULTILINE)  # fmt: skip
_METRIC = lazy_pattern(r"(?<![\w\"'])([a-zA-Z_:][\w:]*)\s*(?=[{\[<>=!+\-*/)\s]|\Z)(?!\s*\()")
_NO_METRIC = frozenset(
    [
        *("and", "or", "unless", "on", "ignoring", "group_left", "group_right", "by", "without", "bool", "offset"),
        *("vector", "scalar", "time", "inf", "nan", "true", "false"),
    ]
)  # fmt: skip
_COMPARES = lazy_pattern(r"[<>]=?|[!=]=|\babsent(?:_over_time)?\s*\(")
_YAML = (".yml", ".yaml")
_LARGEST = 256 * 1024


def alerts(project: Project, pipelines: list[Pipeline]) -> bool:
    """Whether rules, alarms, objectives or checks from outside are described, and would be loaded."""
    tree = project.tree
    if terraform_of(project).of_type(_ALARMS):
        return True
    rules = False
    for path in tree.paths:
        if not path.endswith(_YAML) or path.startswith(".github/workflows/"):
            continue
        text = text_of(tree, path)
        if not text or len(text) > _LARGEST:
            continue
        if "alert" in text and "expr" in text:
            rules = rules or any(_is_rule(rule) for rule in _rules(tree, path))
        if _CLOUDFORMATION.search(text) or _watches_from_outside(tree, path, text):
            return True
    if rules and _are_loaded(tree):
        return True
    return any(_asks_on_schedule(pipeline) for pipeline in pipelines)


def dashboard(tree: Tree) -> Place | None:
    """Return a dashboard with panels that ask for something, if there is one."""
    for path in tree.paths:
        if path.endswith(".json") and '"panels"' in text_of(tree, path):
            panels = read_json(tree, path).get("panels")
            if isinstance(panels, list) and any(
                isinstance(panel, dict) and panel.get("targets") for panel in panels
            ):
                return Place(path)
    return None


def _rules(tree: Tree, path: str) -> Iterator[Mapping[str, object]]:
    data = read_yaml(tree, path)
    listed = data.get("groups") or table(data, "spec").get("groups")
    for group in listed if isinstance(listed, list) else ():
        rules = group.get("rules") if isinstance(group, Mapping) else None
        for rule in rules if isinstance(rules, list) else ():
            if isinstance(rule, Mapping):
                yield rule


def _is_rule(rule: Mapping[str, object]) -> bool:
    """Whether a rule of Prometheus, or of Grafana, compares a metric with anything."""
    expression = str(rule.get("expr") or "")
    if not rule.get("alert") or not _COMPARES.search(expression):
        return False
    bare = re.sub(r"\{[^}]*\}|\"[^\"]*\"|'[^']*'|\[[^\]]*\]|\b(?:by|without|on)\s*\([^)]*\)", " ", expression)  # fmt: skip
    return any(name not in _NO_METRIC for name in _METRIC.findall(bare))


def _are_loaded(tree: Tree) -> bool:
    """Whether the Prometheus of the repository, if it has one, reads files of rules."""
    configurations = [
        data
        for path in tree.paths
        if path.endswith(_YAML) and "scrape_configs" in text_of(tree, path)
        if (data := read_yaml(tree, path)).get("scrape_configs")
    ]
    return not configurations or any(data.get("rule_files") for data in configurations)


def _watches_from_outside(tree: Tree, path: str, text: str) -> bool:
    """Whether a file configures Upptime, Gatus, or a probe of the blackbox exporter."""
    name = path.rpartition("/")[2]
    if name in {".upptimerc.yml", ".upptimerc.yaml"}:
        return bool(read_yaml(tree, path).get("sites"))
    if "endpoints:" in text and "conditions:" in text:
        endpoints = read_yaml(tree, path).get("endpoints")
        return isinstance(endpoints, list) and any(
            isinstance(item, Mapping) and item.get("url") and item.get("alerts")
            for item in endpoints
        )
    return "openslo" in text.lower() and bool(table(read_yaml(tree, path), "spec"))


def _asks_on_schedule(pipeline: Pipeline) -> bool:
    """Whether a clock starts a request to the app that fails where it does not answer."""
    return pipeline.is_scheduled and any(
        re.match(r"curl\s+(?=.*(?:--fail|-\w*f)).*https?://", command.text) and not command.is_soft
        for command in pipeline.commands
    )
