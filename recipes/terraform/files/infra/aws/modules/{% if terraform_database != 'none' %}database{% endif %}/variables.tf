variable "name" {
  description = "Name of this environment of the app; the instance is called so too."
  type        = string
}

variable "network" {
  description = "VPC and subnets to run in."
  type = object({
    vpc_id             = string
    private_subnet_ids = list(string)
  })
}

variable "client_security_group_id" {
  description = "Security group of the tasks that use the database."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the data and the backups."
  type        = string
}

variable "alarm_topic_arn" {
  description = "Topic that alarms are sent to."
  type        = string
}

variable "instance_class" {
  description = "Size of the instance."
  type        = string
}

variable "storage_gib" {
  description = "Disk at the start. It grows by itself, to five times this size at most."
  type        = number

  validation {
    condition     = var.storage_gib >= 20
    error_message = "storage_gib must be at least 20, the smallest disk that RDS offers."
  }
}

variable "max_connections" {
  description = "Connections that the instance accepts; the alarm is set to 80 % of it."
  type        = number
}

variable "multi_az" {
  description = "Keep a standby in a second zone that takes over by itself."
  type        = bool
}

variable "backup_retention_days" {
  description = "How far back the database can be restored to any second."
  type        = number

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35
    error_message = "backup_retention_days must be from 1 to 35; 0 would switch backups off."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the database, and keep a last snapshot when it is deleted all the same."
  type        = bool
}
