output "load_balancer" {
  description = "Host name of the load balancer; the DNS record of the domain points here."
  value       = aws_lb.this.dns_name
}

output "cluster_name" {
  description = "ECS cluster, which is also the name of the service."
  value       = aws_ecs_cluster.this.name
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.app.id
}

output "kms_key_arn" {
  description = "Key of this environment."
  value       = aws_kms_key.this.arn
}

output "alarm_topic_arn" {
  description = "Topic that alarms are sent to."
  value       = aws_sns_topic.alarms.arn
}

output "secret_ids" {
  description = "Environment variable to name in Secrets Manager."
  value       = { for name, secret in aws_secretsmanager_secret.app : name => secret.name }
}

output "task_role_name" {
  description = "Role that the app's own code acts with."
  value       = aws_iam_role.task.name
}

output "image" {
  description = "Image that the service runs; null before the first one."
  value       = one(aws_ecs_service.this[*]) == null ? null : local.container.image
}

output "environment_names" {
  description = "Environment variables that the app finds, settings and secrets alike."
  value       = [for variable in concat(local.container.environment, local.container.secrets) : variable.name]
}
