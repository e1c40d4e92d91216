"""What describes the infrastructure of a project, and what it says about limits, backups and secrets."""

from __future__ import annotations

import ast
import re

from buttress.analysis.delivery.orchestration import containers, manifests
from buttress.analysis.delivery.terraform import Block, Terraform
from buttress.analysis.delivery.workflows import pipelines
from buttress.project.documents import read_json, read_toml, read_yaml, table, text_of
from buttress.project.model import Place, Project
from buttress.source import Module, Modules, Tree
from buttress.source.patterns import lazy_pattern

_RUNS_APP = (
    r"aws_(?:ecs_service|instance|lambda_function|apprunner_service|lightsail_.*|launch_template"
    r"|elastic_beanstalk_environment|eks_cluster|autoscaling_group|spot_instance_request)"
    r"|google_(?:cloud_run.*|compute_instance.*|app_engine_.*|container_cluster|cloudfunctions.*)"
    r"|azurerm_(?:container_app|container_group|linux_web_app|app_service|linux_virtual_machine"
    r"|linux_function_app|kubernetes_cluster)"
    r"|kubernetes_(?:deployment|stateful_set|manifest).*|helm_release|digitalocean_(?:app|droplet).*"
    r"|scaleway_(?:container|instance_server|serverless.*|function)|hcloud_server|heroku_app"
    r"|fly_(?:app|machine)|vultr_instance|linode_instance|openstack_compute_instance.*"
    r"|render_web_service|railway_service|exoscale_compute_instance|oci_core_instance|nomad_job"
)
_CLOUDFORMATION = lazy_pattern(
    r"^\s+Type:\s*[\"']?AWS::(?:ECS|EC2|Lambda|Serverless|AppRunner|ElasticBeanstalk)", re.MULTILINE
)
_WORKLOAD = lazy_pattern(
    r"^kind:\s*[\"']?(?:Deployment|StatefulSet|DaemonSet|Service)\b", re.MULTILINE
)
_DUMP = lazy_pattern(
    r"\b(?:pg_dump|pg_dumpall|pg_basebackup|mysqldump|mongodump|wal-g|pgbackrest|restic|borg)\b"
)
_BACKUP_IMAGE = lazy_pattern(
    r"^\s*image:\s*[\"']?\S*(?:backup|litestream|wal-g|pgbackrest)\S*", re.MULTILINE
)
_SECRET_KINDS = lazy_pattern(
    r"^\s*secretKeyRef:|^kind:\s*(?:ExternalSecret|SealedSecret|SecretProviderClass|VaultStaticSecret)\b",
    re.MULTILINE,
)
_STORES = (
    r"aws_secretsmanager_secret.*|aws_ssm_parameter|google_secret_manager_secret.*"
    r"|azurerm_key_vault.*|vault_.*|scaleway_secret.*|doppler_.*|infisical_.*|onepassword_.*"
)
_STORE_WORD = lazy_pattern(r"secretsmanager|ssm|secretmanager|keyvault|hvac|infisical|doppler")
_STORE_CALLS = (
    "hvac.Client",
    "google.cloud.secretmanager.",
    "azure.keyvault.secrets.",
    "infisical",
    "dopplersdk.",
)
_OFF = frozenset({"0", "false", '"0"'})


def terraform_of(project: Project) -> Terraform:
    """Return the Terraform of a project."""
    return Terraform(project.tree, project.terraform)


def app_resources(terraform: Terraform) -> tuple[Block, ...]:
    """Return the resources that an app runs on."""
    return terraform.of_type(_RUNS_APP)


def describes_platform(tree: Tree) -> bool:
    """Whether other files than Terraform describe what runs: Kubernetes, CloudFormation, blueprints."""
    for _, text in manifests(tree):
        if _WORKLOAD.search(text) and re.search(r"^\s*image:", text, re.MULTILINE):
            return True
    for path in tree.named(
        "template.yaml", "template.yml", "cloudformation.yaml", "cloudformation.yml"
    ):
        if _CLOUDFORMATION.search(text_of(tree, path)):
            return True
    for path in tree.named("render.yaml", "serverless.yml", "serverless.yaml"):
        data = read_yaml(tree, path)
        if data.get("services") or (data.get("provider") and data.get("functions")):
            return True
    for path in tree.named("fly.toml"):
        data = read_toml(tree, path)
        if data.get("http_service") or data.get("services"):
            return True
    # an app of Heroku with its processes and what they need
    if any(read_json(tree, path).get("formation") for path in tree.named("app.json")):
        return True
    for path in tree.named("Pulumi.yaml", "cdk.json"):
        folder = path.rpartition("/")[0]
        names = tree.below(folder)
        code = [name for name in names if name.endswith((".py", ".ts", ".go", ".yaml"))]
        if any(
            re.search(r"pulumi_|@pulumi/|aws_cdk|aws-cdk-lib", text_of(tree, name)) for name in code
        ):
            return True
    return any(
        re.search(r"^resource\s+\w+\s+'", text_of(tree, path), re.MULTILINE)
        for path in tree.paths
        if path.endswith(".bicep")
    )


def unbounded(project: Project) -> list[tuple[Place, str]] | None:
    """Return workloads without limits, probes or scaling; ``None`` where none is described."""
    terraform = terraform_of(project)
    listed = containers(project.tree)
    tasks = terraform.of_type(r"aws_ecs_(?:service|task_definition)")
    if not listed and not tasks:
        return None
    found = []
    for container in listed:
        if not container.has_limits:
            found.append(
                (container.place, f"Container {container.name} may use all memory of its node.")
            )
        if not container.has_probe:
            found.append(
                (container.place, f"Nothing asks container {container.name} whether it is well.")
            )
    scaled = terraform.of_type(r"aws_appautoscaling_target")
    asked = [
        block
        for block in terraform.of_type(r"aws_(?:lb|alb)_target_group")
        if block.inside("health_check")
    ]
    for block in tasks:
        name = ".".join(block.labels)
        if block.type == "aws_ecs_service" and not scaled:
            found.append((block.place, f"{name} does not scale."))
        if (
            block.type == "aws_ecs_service"
            and not asked
            and "healthCheck" not in _all_text(terraform)
        ):
            found.append((block.place, f"Nothing asks {name} whether it is well."))
        if block.type == "aws_ecs_task_definition" and not re.search(r"\bmemory\b", block.text):
            found.append((block.place, f"{name} has no limit of memory."))
    return found


def _all_text(terraform: Terraform) -> str:
    return "\n".join(block.text for block in terraform.of_type(r"aws_ecs_task_definition"))


def databases_without_backup(terraform: Terraform) -> list[Block]:
    """Return databases that are described and whose backups are switched off."""
    found = []
    for block in terraform.of_type(r"aws_db_instance"):
        is_replica = "replicate_source_db" in block.attributes
        is_member = "cluster_identifier" in block.attributes
        days = terraform.value(block, "backup_retention_period")
        if not is_replica and not is_member and (days is None or days in _OFF):
            found.append(block)
    found += [
        block
        for block in terraform.of_type(r"aws_rds_cluster")
        if terraform.value(block, "backup_retention_period") in _OFF
    ]
    for block in terraform.of_type(r"google_sql_database_instance"):
        settings = block.inside("settings")
        kept = [b for item in settings for b in item.inside("backup_configuration")]
        is_replica = "master_instance_name" in block.attributes
        if not is_replica and not any(
            b.attributes.get("enabled") not in {None, "false"} for b in kept
        ):
            found.append(block)
    return found


def backups(project: Project) -> bool:
    """Whether something backs the database up: its host, a plan of the cloud, a scheduled dump."""
    terraform = terraform_of(project)
    managed = (
        r"aws_db_instance|aws_rds_cluster|google_sql_database_instance|aws_backup_selection"
        r"|azurerm_(?:postgresql|mysql)_flexible_server|digitalocean_database_cluster"
        r"|scaleway_(?:rdb_instance|sdb_sql_database)|mongodbatlas_(?:advanced_)?cluster|aws_docdb_cluster"
    )
    if terraform.of_type(managed):
        return True
    tree = project.tree
    if any(table(read_yaml(tree, path)).get("dbs") for path in tree.named("litestream.yml")):
        return True
    if any(read_yaml(tree, path).get("databases") for path in tree.named("render.yaml")):
        return True
    if any(_BACKUP_IMAGE.search(text_of(tree, path)) for path in project.compose_files):
        return True
    if any("kind: CronJob" in text and _DUMP.search(text) for _, text in manifests(tree)):
        return True
    for pipeline in pipelines(project):
        if pipeline.is_scheduled and any(_DUMP.search(c.text) for c in pipeline.commands):
            return True
    return any(_DUMP.search(text_of(tree, path)) for path in tree.named("crontab"))


def keeps_secrets(project: Project, modules: Modules) -> bool:
    """Whether a secret manager is described, or asked by the code."""
    if terraform_of(project).of_type(_STORES):
        return True
    if any(_SECRET_KINDS.search(text) for _, text in manifests(project.tree)):
        return True
    for path in project.compose_files:
        if "\nsecrets:" in text_of(project.tree, path) and read_yaml(project.tree, path).get(
            "secrets"
        ):
            return True
    return any(_asks_store(module) for module in modules.spelling(_STORE_WORD))


def _asks_store(module: Module) -> bool:
    for call in module.nodes(ast.Call):
        target = module.resolve(call.func) or ""
        if target.startswith(_STORE_CALLS):
            return True
        is_client = target.endswith((".client", ".resource")) or (
            isinstance(call.func, ast.Attribute) and call.func.attr == "client"
        )
        names = [a.value for a in call.args if isinstance(a, ast.Constant)]
        if is_client and {"secretsmanager", "ssm"} & set(names):
            return True
    return False
